/** What an engine does, as lines for a terminal: totals, contents, players, peers, refusals. */
import { isGateCode } from "../p2p/gate-code.ts";
import type { ContentOverview, EngineOverview, SessionOverview } from "../p2p/player-overview.ts";
import { barText, rateText, sizeText, timeText } from "./amounts.ts";
import { escapeText } from "./escape.ts";
import type { Tone } from "./stream.ts";
import { type Cell, tableLines } from "./table.ts";

export interface ViewLine {
  readonly text: string;
  readonly tone?: Tone;
}

const BAR_CELLS = 10;
const TITLE_CHARS = 28;
const PEERS_SHOWN = 8;
/** Two engines of one home met: a refusal of nobody, which metrics and JSON keep. */
const MET_OURSELVES = "GATE_SELF";
/** A live player this far behind will notice when it is cut off. */
const LATE_MS = 15_000;

export function viewLines(view: EngineOverview, columns: number): readonly ViewLine[] {
  return [
    ...totals(view),
    ...section("contents", contentRows(view), columns),
    ...section("players", playerRows(view), columns),
    ...refusals(view),
    ...section("peers", peerRows(view), columns),
  ];
}

function totals(view: EngineOverview): readonly ViewLine[] {
  const { version, contents, sessions, nowMs, limits } = view;
  const sum = (of: (content: ContentOverview) => number) =>
    contents.reduce((total, content) => total + of(content), 0);
  const fromPeers = sum((content) => content.bytesFromPeers);
  const fromSeeds = sum((content) => content.bytesFromWebSeeds);
  const time = new Date(nowMs).toISOString().slice(11, 19);
  const players = `${sessions.length} ${sessions.length === 1 ? "player" : "players"}`;
  const head = `ace engine ${version}   ${players}   ${contents.length} open   ${time} UTC`;
  const rate = (bytesPerS: number, limit = 0) =>
    limit === 0 ? rateText(bytesPerS) : `${rateText(bytesPerS)} of ${rateText(limit)}`;
  const down = `down ${rate(
    sum((content) => content.bytesDownPerS),
    limits?.downloadBytesPerS,
  )}`;
  const up = `up ${rate(
    sum((content) => content.bytesUpPerS),
    limits?.uploadBytesPerS,
  )}`;
  const peers = peersText(sum((content) => content.peers));
  const ofMax = limits === undefined ? "" : ` of ${limits.peersMax}`;
  const whole = `${sizeText(fromPeers + fromSeeds)} in, ${sizeText(sum((each) => each.bytesUp))} out`;
  return [
    { text: escapeText(head), tone: "strong" },
    { text: `${down}   ${up}   ${peers}${ofMax}   ${whole}` },
    { text: shareText(fromPeers, fromSeeds), tone: "dim" },
  ];
}

function peersText(peers: number): string {
  return `${peers} ${peers === 1 ? "peer" : "peers"}`;
}

function shareText(fromPeers: number, fromSeeds: number): string {
  const all = fromPeers + fromSeeds;
  if (all === 0) return "nothing has come yet";
  const percent = (bytes: number) => `${Math.round((100 * bytes) / all)} %`;
  return `from peers ${barText(fromPeers / all, 2 * BAR_CELLS)} ${percent(fromPeers)}   from CDN ${percent(fromSeeds)}`;
}

interface Rows {
  readonly headings: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  readonly none: string;
  readonly toneOf?: (row: number) => Tone | undefined;
}

function section(name: string, { headings, rows, none, toneOf }: Rows, columns: number) {
  const title: ViewLine = { text: `${name}`, tone: "strong" };
  if (rows.length === 0) return [{ text: "" }, title, { text: `  ${none}`, tone: "dim" as const }];
  const [head = "", ...body] = tableLines(rows, headings, columns - 2);
  return [
    { text: "" },
    title,
    { text: `  ${head}`, tone: "dim" as const },
    ...body.map((text, row): ViewLine => {
      const tone = toneOf?.(row);
      return { text: `  ${text}`, ...(tone === undefined ? {} : { tone }) };
    }),
  ];
}

function contentRows({ contents }: EngineOverview): Rows {
  return {
    headings: ["title", "kind", "players", "peers", "down", "up", "here", "peers' share", "right"],
    none: "nothing is open",
    toneOf: (row) => {
      if (contents[row]?.access === "refused") return "bad";
      return contents[row]?.isSilent === true ? "warn" : undefined;
    },
    rows: contents.map((content) => [
      shortened(content.title),
      content.isEncrypted ? `${content.kind}, encrypted` : content.kind,
      content.players,
      content.peers,
      rateText(content.bytesDownPerS),
      rateText(content.bytesUpPerS),
      hereText(content),
      partText(content.bytesFromPeers, content.bytesFromPeers + content.bytesFromWebSeeds),
      rightText(content),
    ]),
  };
}

/** Who had a right and waits for nothing but the source is told so, and not that it waits for a right. */
function rightText({ access, accessCode, isSilent }: ContentOverview): string {
  if (accessCode !== undefined) return accessCode;
  if (isSilent !== true) return access === "none" ? "public" : access;
  if (access === "waiting") return "source silent";
  return `${access === "none" ? "public" : access}, source silent`;
}

/** Of a film how much is here, of a live stream how far back one can go. */
function hereText({ kind, pieces, piecesHad, window }: ContentOverview): string {
  if (kind === "live") {
    return window === undefined
      ? ""
      : `${timeText(window.lastCaptureMs - window.firstCaptureMs)} back`;
  }
  const part = pieces === 0 ? 0 : piecesHad / pieces;
  return `${barText(part, BAR_CELLS)} ${Math.floor(100 * part)} %`;
}

function playerRows({ sessions, contents, nowMs }: EngineOverview): Rows {
  const behindMs = (session: SessionOverview) => {
    const content = contents.find(({ infohash }) => infohash === session.infohash);
    const { window } = content ?? {};
    if (window === undefined || session.position === undefined) return undefined;
    return Math.max(0, window.lastCaptureMs - session.position.captureMs);
  };
  return {
    headings: ["title", "output", "for", "sent", "position", "from"],
    none: "nobody plays",
    toneOf: (row) => {
      const session = sessions[row];
      const behind = session === undefined ? undefined : behindMs(session);
      return behind !== undefined && behind > LATE_MS ? "warn" : undefined;
    },
    rows: sessions.map((session) => {
      const behind = behindMs(session);
      return [
        shortened(session.file?.name ?? session.title),
        session.output === "hls" || session.kind === "package" ? "hls" : kindOfStream(session),
        timeText(nowMs - session.startedAtMs),
        sizeText(session.sentBytes),
        behind === undefined ? "" : `${timeText(behind)} behind`,
        session.caller,
      ];
    }),
  };
}

function kindOfStream({ kind }: SessionOverview): string {
  return kind === "live" ? "mpeg-ts" : "file";
}

function peerRows({ contents }: EngineOverview): Rows {
  const links = contents.flatMap((content) => content.links.map((link) => ({ content, link })));
  const busiest = links
    .toSorted((left, right) => trafficOf(right.link) - trafficOf(left.link))
    .slice(0, PEERS_SHOWN);
  const more = links.length - busiest.length;
  return {
    headings: ["address", "title", "down", "up", "gate", "account"],
    none: "no peer is connected",
    rows: [
      ...busiest.map(({ content, link }) => [
        link.address,
        shortened(content.title),
        sizeText(link.bytesDown),
        sizeText(link.bytesUp),
        gateText(content, link),
        link.account === undefined ? "" : `${link.account.slice(0, 4)}…${link.account.slice(-4)}`,
      ]),
      ...(more > 0 ? [[`and ${more} more`, "", "", "", "", ""]] : []),
    ],
  };
}

/** Admitted peers are those that we may give to; a server needs nothing of us, and is not asked for a right. */
function gateText(
  { access }: ContentOverview,
  { isAdmitted, bytesDown }: ContentOverview["links"][number],
): string {
  if (access === "none") return "";
  if (isAdmitted) return "admitted";
  return bytesDown > 0 ? "gives to us" : "";
}

function trafficOf({ bytesUp, bytesDown }: { bytesUp: number; bytesDown: number }): number {
  return bytesUp + bytesDown;
}

/** Who was refused at the gate, here and by others, and why other wires were closed; most first. */
function refusals({ contents }: EngineOverview): readonly ViewLine[] {
  const ours = [...added(contents.map(({ closed }) => closed))];
  const theirs = [...added(contents.map(({ denied }) => denied))];
  const atGate = ours.filter(([code]) => isGateCode(code));
  const others = ours.filter(([code]) => !isGateCode(code));
  const lines = [
    ...countLine("at our gate  ", atGate, "warn"),
    ...countLine("at others'   ", theirs, "bad"),
    ...countLine("other wires  ", others, "dim"),
  ];
  if (lines.length === 0) return [];
  return [{ text: "" }, { text: "refused and closed, by reason", tone: "strong" }, ...lines];
}

function countLine(
  label: string,
  counted: readonly (readonly [string, number])[],
  tone: Tone,
): readonly ViewLine[] {
  const words = counted
    .toSorted(([, left], [, right]) => right - left)
    .map(([code, count]) => `${code} ${count}`);
  if (words.length === 0) return [];
  return [{ text: `  ${label} ${escapeText(words.join("   "))}`, tone }];
}

function added(counts: readonly Readonly<Record<string, number>>[]): ReadonlyMap<string, number> {
  const sums = new Map<string, number>();
  for (const [code, count] of counts.flatMap((each) => Object.entries(each))) {
    if (code === MET_OURSELVES) continue;
    sums.set(code, (sums.get(code) ?? 0) + count);
  }
  return sums;
}

function partText(part: number, whole: number): string {
  return whole === 0 ? "" : `${Math.round((100 * part) / whole)} %`;
}

function shortened(title: string): string {
  return title.length <= TITLE_CHARS ? title : `${title.slice(0, TITLE_CHARS - 1)}…`;
}
