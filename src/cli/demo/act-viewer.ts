/** Act four: the viewer pays with an ordinary payment, and the film plays. */
import { createHash } from "node:crypto";
import { z } from "zod";
import { openNodeClient } from "../../client/http.ts";
import { AceError } from "../../lib/errors.ts";
import { formatAmount } from "../../lib/money.ts";
import type { Founding } from "./act-founding.ts";
import type { Works } from "./act-owner.ts";
import { proofLine } from "./narrator.ts";
import { Called, type InLedger, type World } from "./world.ts";

const Grant = z.object({ to: z.string(), until: z.literal("0") });
const Engine = z.object({ url: z.string(), playUrl: z.string() });

export interface Watched {
  readonly sha256: string;
  /** The payment that the licence rests on. */
  readonly paid: InLedger;
  readonly playUrl: string;
}

export async function viewerAct(
  world: World,
  { accounts }: Founding,
  works: Works,
): Promise<Watched> {
  const paid = await payPlainly(world, works);
  await checkBook(world, accounts, paid);
  return await play(world, works, paid);
}

async function payPlainly({ stage, narrator }: World, { licence }: Works): Promise<InLedger> {
  const args = ["account", "pay", licence.address, "5", "XLM", "--as", "viewer"];
  const { receipts, hash, ledger } = await stage.must(Called, args);
  const events = receipts.flatMap((receipt) => receipt.events);
  const granted = events.find(({ topic }) => topic === "granted");
  if (granted === undefined) throw new AceError("CHECK_FAILED", "the receipt shows no grant");
  const pays = receipts.flatMap((receipt) => receipt.pays);
  narrator.tell(
    "payment",
    "The viewer pays 5 XLM to the contract's address; the receipt shows the grant.",
    { hash, ledger, event: granted, pays },
    [`granted to ${Grant.parse(granted.data).to}, for ever`, proofLine({ hash, ledger })],
  );
  return { hash, ledger };
}

const dues = [
  ["artist", "35000000"],
  ["label", "10000000"],
  ["crew", "5000000"],
] as const;

async function checkBook(
  world: World,
  accounts: Founding["accounts"],
  { hash, ledger }: InLedger,
): Promise<void> {
  const rows = dues.map(async ([name, due]) => {
    const amount = await owedTo(world, accounts[name]);
    if (amount === due) return { name, amount };
    throw new AceError("CHECK_FAILED", `${name} is owed ${amount}, not ${due}`);
  });
  const book = await Promise.all(rows);
  world.narrator.tell(
    "payables",
    "The split wrote 70/20/10 of it into the payables book.",
    { book, hash, ledger },
    [
      ...book.map(({ name, amount }) => `${name} is owed ${formatAmount(BigInt(amount))} XLM`),
      `by ${proofLine({ hash, ledger })}`,
    ],
  );
}

async function play(
  { stage, narrator }: World,
  { film, filmSha256 }: Works,
  { hash, ledger }: InLedger,
): Promise<Watched> {
  const args = ["stream", "get", film.contentId, "--port", "0", "--as", "viewer"];
  const { playUrl } = (await stage.start(Engine, args)).ready;
  const watched = await watch(playUrl, film.length);
  if (watched.sha256 !== filmSha256) {
    throw new AceError("CHECK_FAILED", `the film arrived as ${watched.sha256}`);
  }
  narrator.tell(
    "play",
    "The engine signs in, shows its token to the swarm, and the player URL serves the film.",
    { playUrl, ...watched, match: true, hash, ledger },
    [
      playUrl,
      `paid by ${proofLine({ hash, ledger })}`,
      `SHA-256 ${watched.sha256}, the same as the owner's file`,
      `ranges: ${watched.ranges.join(", ")}`,
    ],
  );
  return { sha256: watched.sha256, playUrl, paid: { hash, ledger } };
}

async function owedTo({ nodeUrl, signal }: World, account: string): Promise<string> {
  const { items } = await openNodeClient(nodeUrl(), signal).payables(account);
  return items.find(({ asset }) => asset === "XLM")?.amount ?? "0";
}

/** Plays it as a player does: the end first, then from the start. */
async function watch(playUrl: string, length: number) {
  const described = z
    .object({ response: z.object({ playback_url: z.string() }) })
    .parse(await (await fetch(`${playUrl}&format=json`)).json());
  const url = described.response.playback_url;
  const ranges = [`bytes=${length - 1_000}-${length - 1}`, "bytes=0-65535"];
  for (const range of ranges) {
    const part = await fetch(url, { headers: { range } });
    const body = await part.arrayBuffer();
    const wanted = range.startsWith("bytes=0") ? 65_536 : 1_000;
    if (part.status !== 206 || body.byteLength !== wanted) {
      throw new AceError("CHECK_FAILED", `${range} gave ${part.status}, ${body.byteLength} bytes`);
    }
  }
  const digest = createHash("sha256");
  const whole = await fetch(url);
  let bytes = 0;
  for await (const chunk of whole.body ?? []) {
    digest.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: digest.digest("hex"), ranges };
}
