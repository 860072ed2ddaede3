/** `ace node status` as rows for a person. */
import type { StatusJson } from "../client/schemas.ts";

export const SOURCE_HEADINGS = ["source", "state", "newest", "latency", "lag"];

/** Ledgers that may wait for a second source without a word. */
const HELD_LEDGERS_NOTED = 5;

/** What a ledger of Stellar takes. */
const LEDGER_S = 5;
const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ["days", 86_400],
  ["hours", 3_600],
  ["minutes", 60],
  ["seconds", 1],
];

export function statusRows(status: StatusJson): readonly (readonly string[])[] {
  const { network, tip, lagS, trust, issues } = status;
  const rows = [
    ["network", `${network.name} on ${network.passphrase}`],
    ["id", network.id],
    ["state", stateOf(status)],
    ["protocol", `version ${status.protocol.version}`],
  ];
  if (tip !== undefined) {
    rows.push(
      ["ledger", `${tip.sequence} (${lagS ?? 0} s ago)`],
      ["header hash", tip.headerHash],
      ["state root", tip.stateRoot],
      ["ledger hash", tip.ledgerHash],
      ["trust level", `${trust.level}: ${trust.words}`],
    );
  }
  rows.push(
    ["verified", heightText(trust.verified, "no ledger yet")],
    ["agreed on", heightText(trust.level1, "no ledger yet (takes two sources and --quorum)")],
    ["anchored", heightText(trust.anchored, "no checkpoint yet (takes --archive and --quorum)")],
    ["applies from", `level ${trust.required} on`],
    ["contents", contentsText(status)],
    ["tokens", issues ? "issues and verifies them" : "verifies them"],
  );
  return rows;
}

/** What an operator must do before the next version of the protocol begins. */
export function protocolWarnings({ protocol, tip, fault }: StatusJson): readonly string[] {
  const { next, known } = protocol;
  // Whoever is stopped by it reads that below.
  if (next === undefined || fault?.code === "PROTOCOL_UNKNOWN") return [];
  const { version, fromLedger } = next;
  const left = fromLedger - (tip?.sequence ?? fromLedger);
  const begins = `protocol version ${version} begins at ledger ${fromLedger}, in ${aboutText(left * LEDGER_S)}`;
  if (known.includes(version)) return [`${begins}; this release has it`];
  return [
    `${begins}; this release lacks it: the node will stop before that ledger`,
    "hint: install a release that has it before then, and start the node again",
  ];
}

function aboutText(seconds: number): string {
  const [unit, size] = UNITS.find(([, unitS]) => seconds >= 2 * unitS || unitS === 1) ?? ["s", 1];
  return `about ${Math.round(seconds / size)} ${unit}`;
}

/** A node that waits for proof is not behind by its sources' fault. */
function stateOf({ state, tip, trust }: StatusJson): string {
  const held = (trust.verified ?? 0) - (tip?.sequence ?? 0);
  if (state !== "following" || trust.required === 0 || held <= HELD_LEDGERS_NOTED) return state;
  return `${state}: ${held} ledgers are verified and wait for level ${trust.required}`;
}

function contentsText({ contents, liveStreams }: StatusJson): string {
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? "" : "s"}`;
  const films = count(contents, "film");
  return liveStreams === undefined ? films : `${films}, ${count(liveStreams, "live stream")}`;
}

function heightText(height: number | undefined, none: string): string {
  return height === undefined ? none : `up to ledger ${height}`;
}

export function sourceRows({ sources }: StatusJson): readonly (readonly string[])[] {
  return sources.map((source) => [
    source.id,
    source.state,
    source.newest === undefined ? "" : String(source.newest),
    source.latencyMs === undefined ? "" : `${source.latencyMs} ms`,
    source.lagMs === undefined ? "" : `${Math.round(source.lagMs / 1_000)} s`,
  ]);
}

/** What is wrong with a source, one line each: too long for a column. */
export function sourceFaults({ sources }: StatusJson): readonly string[] {
  return sources.flatMap(({ id, state, fault, retryMs }) => {
    if (fault === undefined) return [];
    const again = retryMs === undefined ? "" : `, again in ${Math.ceil(retryMs / 1_000)} s`;
    return [`${id} (${state}${again}): ${fault.code}: ${fault.message.split("\n")[0]}`];
  });
}
