/** Act five: a token is of use to nobody else, nowhere else, and not for long. */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";
import type { Works } from "./act-owner.ts";
import { proofLine } from "./narrator.ts";
import type { InLedger, World } from "./world.ts";

const Token = z.object({ token: z.string(), expiresAtS: z.int(), lifeS: z.int() });
const Tried = z.object({ received: z.int(), bytesDown: z.int() });

/** Every peer that checks tokens allows for a clock that is a little off. */
const GRACE_S = 1;

export async function tokenAct(world: World, works: Works, paid: InLedger): Promise<void> {
  const { stage, narrator } = world;
  const { token, lifeS } = await getToken(world, works);
  const other = await refusal(world, works.trailer.contentId, token, {});
  const device = await refusal(world, works.film.contentId, token, {
    ACE_HOME: join(stage.folder, "thief"),
  });
  demand(other, "TOKEN_AUDIENCE");
  demand(device, "TOKEN_NOT_YOURS");
  narrator.tell(
    "token",
    `The token, good for ${lifeS} s, is refused for another content and from another device key.`,
    { lifeS, otherContent: other, otherDevice: device, bytes: 0, ...paid },
    [
      `another content: ${other}, 0 bytes`,
      `another device: ${device}, 0 bytes`,
      `its licence was paid by ${proofLine(paid)}`,
    ],
  );
}

/** A token made after the vote lives as long as the vote said, and then opens nothing. */
export async function expiryAct(
  world: World,
  works: Works,
  { lifeS, executed }: { readonly lifeS: number; readonly executed: InLedger },
): Promise<void> {
  const { narrator, signal } = world;
  const made = await getToken(world, works);
  if (Math.abs(made.lifeS - lifeS) > GRACE_S) {
    throw new AceError("CHECK_FAILED", `the token lives ${made.lifeS} s, not ${lifeS} s`);
  }
  narrator.wait(`the token expires in ${made.lifeS} s`);
  const leftMs = made.expiresAtS * 1_000 - Date.now() + GRACE_S * 1_000;
  await sleep(Math.max(0, leftMs), undefined, { signal });
  const expired = await refusal(world, works.film.contentId, made.token, {});
  demand(expired, "TOKEN_EXPIRED");
  narrator.tell(
    "expiry",
    `A token made now lives ${lifeS} s, as the vote decided; after that it is refused.`,
    { lifeS, afterwards: expired, bytes: 0, ...executed },
    [`after ${lifeS} s: ${expired}, 0 bytes`, `in force by ${proofLine(executed)}`],
  );
}

async function getToken({ stage }: World, { film }: Works) {
  return await stage.must(Token, ["token", "get", film.contentId, "--as", "viewer"]);
}

/** Shows a token to the real peers of a swarm, and gives the code of their refusal. */
async function refusal(
  { stage }: World,
  contentId: string,
  token: string,
  environment: Record<string, string>,
): Promise<string> {
  const out = join(stage.folder, "stolen.mp4");
  const data = join(stage.folder, `stolen-${Math.random()}`);
  const args = ["stream", "get", contentId, "--out", out, "--data", data, "--token", token];
  const tried = await stage.play(["--as", "viewer", ...args], environment);
  const { received, bytesDown } = Tried.parse(tried.data);
  if (tried.ok || received + bytesDown > 0) {
    throw new AceError("CHECK_FAILED", `a token that opens nothing opened ${received} bytes`);
  }
  return tried.code ?? "";
}

function demand(code: string, wanted: string): void {
  if (code !== wanted) throw new AceError("CHECK_FAILED", `refused with ${code}, not ${wanted}`);
}
