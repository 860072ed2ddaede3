// Goal: RPC, lake and archive of one network give one and the same stream, whichever is read when; and
//         what the validators agreed on is proved beside it, checkpoint by checkpoint.
// Method: a devnet's history, served over HTTP by the devnet and published in a folder.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type DevnetServer, serveDevnet } from "../../src/devnet/server.ts";
import type { JudgeConsensus } from "../../src/ledger/anchoring.ts";
import { openArchiveSource } from "../../src/ledger/archive-source.ts";
import type { ClosedLedger } from "../../src/ledger/closed-ledger.ts";
import { followLedgers } from "../../src/ledger/follow-ledgers.ts";
import { openLakeSource } from "../../src/ledger/lake-source.ts";
import type { LedgerSource } from "../../src/ledger/ledger-source.ts";
import { readQuorumSet, validatorsOf } from "../../src/ledger/quorum.ts";
import { openRpcSource } from "../../src/ledger/rpc-source.ts";
import { anchor } from "../../src/ledger/scp-anchor.ts";
import { SourcePanel } from "../../src/ledger/source-panel.ts";
import { stellarNetworkId } from "../../src/ledger/transaction-hash.ts";
import { Trust, type TrustLevel } from "../../src/ledger/trust.ts";
import { checkValueSignature } from "../../src/ledger/value-signature.ts";
import { toHex } from "../../src/lib/bytes.ts";
import { AceError, type ErrorCode, isAceError } from "../../src/lib/errors.ts";
import { silentEvents } from "../../src/lib/events.ts";
import { accountBytes } from "../../src/lib/strkey.ts";
import { chanceOf } from "../support/chance.ts";
import { makeHistory } from "../support/history.ts";
import { publish } from "../support/published.ts";

const ROUNDS = 6;
const QUIET_LEDGERS = 24;
const TIME_MS = 60_000;

const history = makeHistory(ROUNDS, QUIET_LEDGERS);
const { network, net } = history;
const { passphrase } = network;
const folder = mkdtempSync(join(tmpdir(), "ace-anchor-"));
const place = publish(history, folder);
const lastCheckpoint = Math.floor((history.last + 1) / 64) * 64 - 1;
const quorumSet = readQuorumSet(net.quorumSet);

let server: DevnetServer;
beforeAll(async () => {
  const clock = { nowMs: () => 0 };
  server = await serveDevnet({ net, port: 0, closeMs: "manual", events: silentEvents, clock });
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true, force: true });
});

const rpc = () => openRpcSource({ url: server.url, passphrase });
const lake = () => openLakeSource({ location: server.lakeUrl, passphrase });
const archive = () => openArchiveSource({ location: server.archiveUrl, passphrase });
const judge: JudgeConsensus = (question) =>
  anchor({ ...question, networkId: stellarNetworkId(passphrase), quorumSet }).satisfied;

interface Followed {
  readonly ledgers: readonly ClosedLedger[];
  readonly trust: Trust;
  readonly error: ErrorCode | undefined;
  readonly events: readonly string[];
}

async function follow(
  sources: readonly LedgerSource[],
  {
    last = lastCheckpoint,
    level = 0,
    until,
    judgeBy = judge,
  }: {
    readonly last?: number;
    readonly level?: TrustLevel;
    /** Stops with this event. */
    readonly until?: string;
    readonly judgeBy?: JudgeConsensus;
  } = {},
): Promise<Followed> {
  const events: string[] = [];
  const told = new AbortController();
  const note = (name: string): void => {
    events.push(name);
    if (name === until) told.abort();
  };
  const panel = new SourcePanel({ sources, events: { info: note, warn: note }, pollMs: 20 });
  const trust = new Trust({
    required: level,
    agreeing: 2,
    validators: new Set(validatorsOf(quorumSet).map((key) => toHex(accountBytes(key)))),
    checkValue: (value) => checkValueSignature(value, passphrase),
  });
  const ledgers: ClosedLedger[] = [];
  try {
    const stream = followLedgers({
      panel,
      trust,
      cursor: undefined,
      start: { sequence: network.genesisLedger, hash: network.genesisHash },
      passphrase,
      vaults: [network.vault],
      judge: judgeBy,
      signal: AbortSignal.any([AbortSignal.timeout(TIME_MS), told.signal]),
    });
    for await (const ledger of stream) {
      ledgers.push(ledger);
      if (ledger.sequence === last) break;
    }
    return { ledgers, trust, events, error: undefined };
  } catch (error) {
    if (!isAceError(error)) throw error;
    return { ledgers, trust, events, error: error.code };
  }
}

/** Gives one ledger at a time, and by chance none, so that sources take turns. */
function fickle(source: LedgerSource, chance: () => number): LedgerSource {
  return {
    id: source.id,
    kind: source.kind,
    range: async (signal) => await source.range(signal),
    async *read(from, signal) {
      if (chance() < 0.4) throw new AceError("LEDGER_MALFORMED", "made for this test");
      for await (const raw of source.read(from, signal)) {
        yield raw;
        if (chance() < 0.3) return;
      }
    },
  };
}

describe("one network, three kinds of sources", () => {
  it("give three identical streams", async () => {
    const [first, second, third] = await Promise.all(
      [rpc(), lake(), archive()].map(async (source) => await follow([source])),
    );
    expect(first?.ledgers).toHaveLength(lastCheckpoint - history.first + 1);
    expect(first?.ledgers.flatMap(({ transactions }) => transactions).length).toBeGreaterThan(
      ROUNDS / 2,
    );
    expect(second?.ledgers).toEqual(first?.ledgers);
    expect(third?.ledgers).toEqual(first?.ledgers);
  });

  it.each([1, 2])("give the same stream when they take turns by chance, seed %i", async (seed) => {
    const chance = chanceOf(seed);
    const calm = await follow([rpc()]);
    const mixed = await follow([rpc(), lake(), archive()].map((source) => fickle(source, chance)));
    expect(mixed.ledgers).toEqual(calm.ledgers);
  });

  it("give the same stream from a folder as over HTTP", async () => {
    const served = await follow([rpc()]);
    const sources = [
      openLakeSource({ location: place.lake, passphrase }),
      openArchiveSource({ location: place.archive, passphrase }),
    ];
    expect((await follow(sources)).ledgers).toEqual(served.ledgers);
  });
});

describe("trust level 2", () => {
  it("hands on what the validators are proved to have agreed on, and nothing above it", async () => {
    const { ledgers, trust, error } = await follow([rpc(), archive()], { level: 2 });
    expect(error).toBeUndefined();
    expect(ledgers.at(-1)?.sequence).toBe(lastCheckpoint);
    expect(trust.heights.anchored).toBe(lastCheckpoint);
    expect(trust.heights.tip).toBeGreaterThanOrEqual(lastCheckpoint);
    expect(trust.levelOf(lastCheckpoint)).toBe(2);
    expect(trust.levelOf(lastCheckpoint + 1)).toBeLessThan(2);
  });

  it("hands on nothing and raises an alarm where the quorum set is not satisfied", async () => {
    const strangers: JudgeConsensus = () => false;
    const refused = await follow([rpc(), archive()], {
      level: 2,
      until: "ledger.unanchored",
      judgeBy: strangers,
    });
    expect(refused).toMatchObject({ ledgers: [], error: undefined });
    expect(refused.events.filter((name) => name === "ledger.unanchored")).toHaveLength(1);
    expect(refused.trust.heights.anchored).toBeUndefined();
  });

  it("stops where the validators agreed on another ledger than ours", async () => {
    // The archive holds another checkpoint, which the quorum is taken to have agreed on.
    const { instead, judgeBy } = await rivalCheckpoint();
    const followed = await follow([rpc(), instead], { level: 0, judgeBy, last: history.last + 1 });
    expect(followed.error).toBe("LEDGER_FORK");
  });
});

/** An archive whose checkpoints are of another devnet of the same passphrase. */
async function rivalCheckpoint(): Promise<{ instead: LedgerSource; judgeBy: JudgeConsensus }> {
  const rival = makeHistory(ROUNDS + 1, QUIET_LEDGERS - 2);
  const path = join(folder, "rival");
  const source = openArchiveSource({ location: publishIn(rival, path), passphrase });
  const ours = net.ledger(lastCheckpoint)?.headerEntry ?? new Uint8Array();
  const judgeBy: JudgeConsensus = ({ sequence, valueBytes }) =>
    sequence === lastCheckpoint && Buffer.from(ours).indexOf(valueBytes) < 0;
  return { instead: source, judgeBy };
}

function publishIn(rival: ReturnType<typeof makeHistory>, path: string): string {
  mkdirSync(path, { recursive: true });
  return publish(rival, path).archive;
}
