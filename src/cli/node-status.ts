/** `ace node status` as rows for a person. */
import type { SourceJson, StatusJson } from "../client/schemas.ts";

export const SOURCE_HEADINGS = ["source", "state", "newest", "latency", "lag"];

export function statusRows(status: StatusJson): readonly (readonly string[])[] {
  const { network, tip, lagS, trust, state, contents, issues } = status;
  const rows = [
    ["network", `${network.name} on ${network.passphrase}`],
    ["id", network.id],
    ["state", state],
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
    ["agreed on", heightText(trust.level1, "no ledger: level 1 takes more sources and --quorum")],
    ["anchored", heightText(trust.anchored, "no ledger: level 2 takes --archive and --quorum")],
    ["applies from", `level ${trust.required} on`],
    ["contents", String(contents)],
    ["tokens", issues ? "issues and verifies them" : "verifies them"],
  );
  return rows;
}

function heightText(height: number | undefined, none: string): string {
  return height === undefined ? none : `up to ledger ${height}`;
}

export function sourceRows({ sources }: StatusJson): readonly (readonly string[])[] {
  return sources.map((source) => [
    source.id,
    stateText(source),
    source.newest === undefined ? "" : String(source.newest),
    source.latencyMs === undefined ? "" : `${source.latencyMs} ms`,
    source.lagMs === undefined ? "" : `${Math.round(source.lagMs / 1_000)} s`,
  ]);
}

function stateText({ state, fault, retryMs }: SourceJson): string {
  if (fault === undefined) return state;
  const again = retryMs === undefined ? "" : `, again in ${Math.ceil(retryMs / 1_000)} s`;
  return `${state}${again}: ${fault.code}: ${fault.message.split("\n")[0]}`;
}
