/**
 * A viewer's content keys: asked of the node when they are needed, kept in memory, in no file and log.
 *
 * Units   Unix seconds.
 * Range   A key is kept as long as the token it was given for, a refusal for `REFUSED_S`; `KEYS_KEPT` of
 *         them at most.
 * Errors  What the node answers, such as `LICENCE_MISSING` or `KEY_EPOCH_INVALID`.
 */
import type { DeviceKey } from "../access/device-key.ts";
import { makeDpopProof } from "../access/dpop.ts";
import { makeKeyOpener } from "../access/key-wrap.ts";
import { encodeBase64url } from "../access/text-bytes.ts";
import { parseToken } from "../access/token-form.ts";
import type { NodeClient } from "../client/http.ts";
import { fromHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import { AceError } from "../lib/errors.ts";
import type { KeyProvider } from "../p2p/key-port.ts";
import { NodeRing } from "./node-ring.ts";
import { mayKnowBetter, nodesOf } from "./token-source.ts";

type KeyNode = Pick<NodeClient, "url" | "key">;

export interface KeyAsker {
  readonly node: KeyNode;
  /** Asked when that one does not answer, or has no key. */
  readonly others?: readonly KeyNode[];
  readonly device: DeviceKey;
  readonly clock: Clock;
}

interface Answer {
  readonly key: Uint8Array;
  readonly untilS: number;
}

interface Kept {
  /** Two players that begin at once ask together. */
  readonly asked: Promise<Answer>;
  /** For how long it is good is known only when it is here. */
  untilS: number;
}

const KEYS_KEPT = 64;
/** No question takes longer than the client waits for an answer. */
const ASKING_S = 60;
const REFUSED_S = 2;

/** @param tokenOf An access token of this content that is good now. */
export function keySourceOf(
  asker: KeyAsker,
  tokenOf: (contentId: string) => Promise<string>,
): KeyProvider {
  const kept = new Map<string, Kept>();
  const ring = new NodeRing(nodesOf(asker));
  return {
    key: async (contentId, epoch, signal) => {
      const name = `${contentId}/${epoch}`;
      const nowS = asker.clock.nowMs() / 1_000;
      const before = kept.get(name);
      if (before !== undefined && nowS < before.untilS) return (await before.asked).key;
      const request = { content: contentId, epoch };
      const asked = ring.ask((node) => askKey({ ...asker, node }, request, tokenOf), mayKnowBetter);
      const entry: Kept = { asked, untilS: nowS + ASKING_S };
      keep(kept, name, entry);
      try {
        entry.untilS = (await asked).untilS;
      } catch (error) {
        // A player that is refused asks again at once: the node is not asked each time.
        entry.untilS = nowS + REFUSED_S;
        throw error;
      }
      signal.throwIfAborted();
      return (await asked).key;
    },
  };
}

async function askKey(
  { node, device, clock }: KeyAsker,
  request: { readonly content: string; readonly epoch: number },
  tokenOf: (contentId: string) => Promise<string>,
): Promise<Answer> {
  const token = await tokenOf(request.content);
  const parsed = parseToken(token);
  if (!parsed.ok) throw new AceError(parsed.code, parsed.reason);
  const { jti, exp } = parsed.claims;
  const opener = makeKeyOpener();
  const proof = makeDpopProof(device, {
    method: "POST",
    url: new URL("/v1/keys", node.url).href,
    token,
    nowS: clock.nowMs() / 1_000,
    epk: encodeBase64url(opener.publicKey),
  });
  const { epk, ct } = await node.key(request, token, proof);
  const wrapped = { epk: fromHex(epk) ?? new Uint8Array(), ct: fromHex(ct) ?? new Uint8Array() };
  return { key: opener.open(wrapped, { ...request, jti }), untilS: exp };
}

function keep(kept: Map<string, Kept>, name: string, entry: Kept): void {
  kept.delete(name);
  kept.set(name, entry);
  const oldest = kept.keys().next();
  if (kept.size > KEYS_KEPT && oldest.done !== true) kept.delete(oldest.value);
}
