/**
 * Draws one winner among those who put in a stake, without anybody to trust.
 *
 * Everybody commits to a secret before anybody tells one; the secrets together decide. Whoever keeps
 * the secret back loses the stake: that is what it costs to know the outcome early and spoil it.
 *
 * Units  Amounts are stroops of XLM, times Unix seconds.
 */
import {
  account,
  bool,
  bytes,
  contract,
  ctx,
  emit,
  fail,
  hash,
  int,
  pay,
  sha256,
  state,
  XLM,
} from "ace-node/contract";

contract({
  name: "draw",
  methods: {
    setup: { args: [int, int, int] },
    enter: { args: [hash], payable: [XLM] },
    reveal: { args: [bytes(32)] },
    settle: { args: [], returns: account },
  },
});

const DIGITS = "0123456789abcdef";

const rules = state.value("rules", { stake: int, enterUntil: int, revealUntil: int });
const drawn = state.value("drawn", { revealed: int, seed: hash, isOver: bool });
const commitments = state.map("commitments", account, hash);
const taken = state.map("taken", hash, account);
const players = state.map("players", int, account);

export function setup(stake: bigint, enterS: bigint, revealS: bigint): void {
  if (stake <= 0n || enterS <= 0n || revealS <= 0n) fail("DRAW_TERMS");
  const enterUntil = ctx.time + enterS;
  rules.set({ stake, enterUntil, revealUntil: enterUntil + revealS });
  drawn.set({ revealed: 0n, seed: "00".repeat(32), isOver: false });
}

/** Puts the stake in, and commits to the SHA-256 of a secret of 32 random bytes. */
export function enter(commitment: string): void {
  const { stake, enterUntil } = rulesNow();
  if (ctx.time >= enterUntil) fail("DRAW_LATE");
  if (ctx.paid(XLM) !== stake) fail("DRAW_STAKE");
  // A commitment of somebody else's could be told as soon as its owner tells it.
  if (commitments.has(ctx.caller) || taken.has(commitment)) fail("DRAW_TWICE");
  commitments.set(ctx.caller, commitment);
  taken.set(commitment, ctx.caller);
}

/** Tells the secret, once nobody can enter any more. */
export function reveal(secret: string): void {
  const { enterUntil, revealUntil } = rulesNow();
  if (ctx.time < enterUntil) fail("DRAW_EARLY");
  if (ctx.time >= revealUntil) fail("DRAW_LATE");
  if (commitments.get(ctx.caller) !== sha256(secret)) fail("DRAW_SECRET");
  commitments.delete(ctx.caller);
  const { revealed, seed, isOver } = drawnNow();
  players.set(revealed, ctx.caller);
  drawn.set({ revealed: revealed + 1n, seed: sha256(seed + secret), isOver });
}

/** Pays everything to the winner; anyone may ask for it when the time is over. */
export function settle(): string {
  const { revealed, seed, isOver } = drawnNow();
  if (ctx.time < rulesNow().revealUntil) fail("DRAW_EARLY");
  if (isOver || revealed === 0n) fail("DRAW_OVER");
  const winner = players.get(numberOf(seed) % revealed) ?? fail("DRAW_OVER");
  drawn.set({ revealed, seed, isOver: true });
  pay(winner, XLM, ctx.balance(XLM));
  emit("drawn", { winner, seed });
  return winner;
}

/** Sixteen bytes of a hash: far more than there are players, so that all are as likely. */
function numberOf(seed: string): bigint {
  const digits = seed.slice(0, 32).split("");
  return digits.reduce((sum, digit) => sum * 16n + BigInt(DIGITS.indexOf(digit)), 0n);
}

function rulesNow(): { stake: bigint; enterUntil: bigint; revealUntil: bigint } {
  return rules.get() ?? fail("DRAW_TERMS");
}

function drawnNow(): { revealed: bigint; seed: string; isOver: boolean } {
  return drawn.get() ?? fail("DRAW_TERMS");
}
