/** Act six: a second viewer's one transaction pays the three recipients itself. */
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";
import { formatAmount } from "../../lib/money.ts";
import type { Founding } from "./act-founding.ts";
import type { Works } from "./act-owner.ts";
import { proofLine } from "./narrator.ts";
import { Called, type World } from "./world.ts";

const Bought = Called.extend({
  direct: z.boolean(),
  until: z.string(),
  payments: z.array(z.object({ to: z.string(), amount: z.string() })),
});
const Fetched = z.object({ sha256: z.string() });

export async function buyerAct(
  world: World,
  { accounts }: Founding,
  { licence, film, filmSha256 }: Works,
): Promise<void> {
  const { stage, narrator } = world;
  const bought = await stage.must(Bought, ["licence", "buy", licence.number, "--as", "buyer"]);
  const recipients = new Set([accounts.artist, accounts.label, accounts.crew]);
  const isDirect = bought.payments.every(({ to }) => recipients.has(to));
  if (!bought.direct || !isDirect || bought.payments.length !== recipients.size) {
    throw new AceError("CHECK_FAILED", "the purchase did not pay the recipients directly");
  }
  const out = `${stage.folder}/buyer.mp4`;
  const fetched = await stage.play([
    "stream",
    "get",
    film.contentId,
    "--out",
    out,
    "--data",
    `${stage.folder}/buyer`,
    "--as",
    "buyer",
  ]);
  const { sha256 } = Fetched.parse(fetched.data);
  if (sha256 !== filmSha256) throw new AceError("CHECK_FAILED", `the film arrived as ${sha256}`);
  const names = new Map([
    [accounts.artist, "artist"],
    [accounts.label, "label"],
    [accounts.crew, "crew"],
  ]);
  narrator.tell(
    "direct",
    "A second viewer buys with one transaction that pays all three directly; the contract verifies it.",
    { hash: bought.hash, ledger: bought.ledger, payments: bought.payments, sha256 },
    [
      ...bought.payments.map(
        ({ to, amount }) => `${names.get(to)} got ${formatAmount(BigInt(amount))} XLM`,
      ),
      `and the film plays: SHA-256 ${sha256}`,
      proofLine(bought),
    ],
  );
}
