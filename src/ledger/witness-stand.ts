/**
 * The witness stand: sources are heard about our chain, one ledger after another, beside the following.
 *
 * While behind, one ledger in `EVERY_LEDGERS` is put to them; at the tip each one. A source that sends
 * what does not follow our last ledger opens the question at once.
 */
import { AceError } from "../lib/errors.ts";
import type { HeldChain } from "./held-chain.ts";
import type { RawLedger } from "./ledger-source.ts";
import type { SourcePanel } from "./source-panel.ts";
import type { Trust } from "./trust.ts";
import type { VerifiedLedger } from "./verify-ledger.ts";
import type { WatchedSource } from "./watched-source.ts";
import { askWitness, type VoteEvent, Witness, type WitnessPoint } from "./witness.ts";

const EVERY_LEDGERS = 64;

interface Options {
  readonly panel: SourcePanel;
  readonly trust: Trust;
  readonly passphrase: string;
  readonly signal: AbortSignal;
  readonly post: (event: VoteEvent) => void;
}

interface Lie {
  readonly seat: WatchedSource;
  readonly error: AceError;
  /** What it sent. */
  readonly raw: RawLedger | undefined;
}

interface RivalLedger {
  readonly ledger: VerifiedLedger;
  readonly raw: RawLedger;
}

export class WitnessStand {
  readonly #options: Options;
  #witness: Witness | undefined;
  #tip: VerifiedLedger | undefined;
  /** Whether somebody who contradicts showed a ledger that a validator of ours signed. */
  #isRivalSigned = false;

  constructor(options: Options) {
    this.#options = options;
  }

  grown(ledger: VerifiedLedger): void {
    this.#tip = ledger;
  }

  act(chain: HeldChain, nowMs: number): void {
    this.#open(chain);
    const witness = this.#witness;
    if (witness === undefined || witness.askAgainMs > nowMs) return;
    const { panel, passphrase, signal, post } = this.#options;
    const { point } = witness;
    for (const seat of witness.unheard(panel.usable)) {
      // An archive is minutes late by design: its claim is enough to know that it has nothing to say.
      const mayKnow = seat.source.kind === "rpc" || seat.claimsToHave(point.sequence);
      // That it had no new ledger a moment ago is no reason not to ask it about this one.
      if (!mayKnow || seat.isBackingOff(nowMs)) continue;
      witness.asking(seat);
      void askWitness({ seat, point, passphrase, signal }).then((answer) =>
        post({ kind: "vote", seat, point, answer }),
      );
    }
    witness.askAgainMs = nowMs + panel.pollMs;
  }

  /** A source holds another ledger than our last one. False when there is nothing to be heard. */
  dispute(chain: HeldChain, seat: WatchedSource, rival: RivalLedger): boolean {
    const { panel, trust } = this.#options;
    const tip = chain.tip;
    const isSettled = tip === undefined || tip.sequence <= (trust.agreed ?? 0);
    if (isSettled || trust.levelOf(tip.sequence) === 2) return false;
    // One that contradicts itself, or has nobody to contradict.
    if (tip.supplier === seat || panel.usable.length < 2) return false;
    if (this.#witness?.point.sequence !== tip.sequence) this.#put(chain);
    this.#witness?.heard(seat, rival.ledger.previousHash, rival.raw);
    this.#isRivalSigned ||= trust.isSigned(rival.ledger);
    return true;
  }

  /** Notes an answer. What is given back is a lie, with its proof. */
  heard({ answer, seat, point }: VoteEvent): Lie | undefined {
    const witness = this.#witness?.point === point ? this.#witness : undefined;
    switch (answer.kind) {
      case "hash":
        witness?.heard(seat, answer.hash);
        return undefined;
      case "rival": {
        const { ledger, raw } = answer;
        witness?.heard(seat, ledger.hash, raw);
        const isAgainst = witness !== undefined && ledger.hash !== point.hash;
        if (isAgainst) this.#isRivalSigned ||= this.#options.trust.isSigned(ledger);
        return undefined;
      }
      case "forged":
        witness?.heard(seat, undefined);
        return { seat, error: answer.error, raw: answer.raw };
      case "unknown":
      case "failed":
        witness?.heard(seat, undefined);
        return undefined;
    }
  }

  /**
   * Who is found to have lied by all that was heard; with whoever sent it, a refuted chain goes.
   *
   * @param base The last ledger handed on: what refutes that cannot be undone. Errors `LEDGER_FORK`.
   */
  liars(base: number): readonly Lie[] {
    const { panel, trust } = this.#options;
    const witness = this.#witness;
    if (witness === undefined) return [];
    const { point } = witness;
    const verdict = witness.verdict(panel.usable, trust.agreeing);
    if (verdict === "open") return [];
    // Between two stories that both hold together, only a validator's signature can tell.
    if (verdict === "split" && point.isSigned === this.#isRivalSigned) throw fork(witness);
    const isOurs = verdict === "agreed" || (verdict === "split" && point.isSigned);
    if (!isOurs && point.sequence <= base) throw fork(witness);
    this.#witness = undefined;
    if (verdict === "agreed") trust.confirmed(point);
    return isOurs ? againstOurs(witness) : ours(point);
  }

  rolledBack(base: number): void {
    this.#tip = undefined;
    if ((this.#witness?.point.sequence ?? 0) > base) this.#witness = undefined;
  }

  get deadlines(): readonly number[] {
    return this.#witness === undefined ? [] : [this.#witness.askAgainMs];
  }

  #open(chain: HeldChain): void {
    const { panel, trust } = this.#options;
    const tip = this.#tip?.sequence;
    if (this.#witness !== undefined || tip === undefined) return;
    if (panel.usable.length < trust.agreeing || trust.agreeing < 2) return;
    const confirmed = trust.agreed ?? 0;
    const isDue = tip - confirmed >= EVERY_LEDGERS || panel.newest - tip < EVERY_LEDGERS;
    if (tip > confirmed && isDue) this.#put(chain);
  }

  #put(chain: HeldChain): void {
    const { tip, tipRaw } = chain;
    if (tip === undefined) return;
    const isSigned = this.#tip?.hash === tip.hash && this.#options.trust.isSigned(this.#tip);
    const { sequence, hash, supplier } = tip;
    const point: WitnessPoint = { sequence, hash, supplier, isSigned, raw: tipRaw };
    this.#isRivalSigned = false;
    this.#witness = new Witness(point);
  }
}

function againstOurs(witness: Witness): readonly Lie[] {
  const { sequence, hash } = witness.point;
  return witness.against().map(({ seat, hash: theirs, raw }) => {
    const what = `ledger ${sequence} should be ${hash}, but it has ${theirs}`;
    return {
      seat,
      raw,
      error: new AceError("LEDGER_HASH_MISMATCH", `${what}: others confirm ours`),
    };
  });
}

function ours({ sequence, hash, supplier, raw }: WitnessPoint): readonly Lie[] {
  if (supplier === undefined) return [];
  const what = `ledger ${sequence} as it sent it has the hash ${hash}`;
  const error = new AceError("LEDGER_HASH_MISMATCH", `${what}, which others refute`);
  return [{ seat: supplier, raw, error }];
}

function fork(witness: Witness): AceError {
  const { sequence, hash, supplier } = witness.point;
  const first = `ledger ${sequence} is ${hash} according to ${supplier?.source.id ?? "our own state"}`;
  const others = witness
    .against()
    .map(({ seat, hash: theirs }) => `${theirs} to ${seat.source.id}`);
  return new AceError("LEDGER_FORK", [first, ...others].join(", and "));
}
