import type { Command } from "commander";
import { loadDeviceKey } from "../../access/device-key.ts";
import { makeIssuerSet } from "../../access/issuer-set.ts";
import { TokenVerifier } from "../../access/verifier.ts";
import { networkId } from "../../contracts/service-network.ts";
import { toHex } from "../../lib/bytes.ts";
import { AceError } from "../../lib/errors.ts";
import { openTokenDesk } from "../../node/token-source.ts";
import type { Context } from "../context.ts";
import { deviceKeyFile } from "../device-key.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import { openSession } from "../session.ts";
import { openViewer } from "../viewer.ts";

/** `ace token`: what opens a stream now, or why nothing does. */
export function register(noun: Command, run: Run): void {
  examples(
    noun
      .command("get <content>")
      .description("signs in with your account and gets an access token for this device"),
    "ace token get 5b1c…90 --as viewer",
  ).action(run((context, [content = ""]) => get(context, content)));
  examples(
    noun
      .command("verify <token>")
      .description("checks a token as a peer would, offline but for the content's licence")
      .requiredOption("--content <id>", "the content it should open")
      .option("--device <key>", "the device key that shows it (default: this device's)")
      .option("--any-device", "do not check who shows it"),
    "ace token verify eyJh… --content 5b1c…90",
  ).action(run((context, [token = ""], flags) => verify(context, token, flags)));
}

async function get(context: Context, id: string): Promise<unknown> {
  const viewer = await openViewer(context);
  const { contentId } = await viewer.node.content(id);
  const token = await openTokenDesk(viewer).ask(contentId);
  const lifeS = token.expiresAtS - Math.floor(context.clock.nowMs() / 1_000);
  context.output.line(token.token);
  context.output.note(`opens ${contentId} under licence ${token.contract} for ${lifeS} s`);
  return { ...token, lifeS, contentId, device: toHex(viewer.device.publicKey) };
}

async function verify(context: Context, token: string, flags: Flags): Promise<unknown> {
  const { node, network } = openSession(context);
  const content = await node.content(flags.text("content") ?? "");
  const { licence } = content;
  const issuers = makeIssuerSet(network.issuers);
  const verifier = new TokenVerifier({
    net: networkId(network).slice(0, 16),
    issuers: () => issuers,
    licenceOf: () => (licence === undefined ? undefined : BigInt(licence)),
  });
  const aud = `btih:${content.infohash}`;
  const nowS = Math.floor(context.clock.nowMs() / 1_000);
  const deviceKey = flags.isOn("anyDevice")
    ? undefined
    : (flags.text("device") ??
      toHex(loadDeviceKey(await deviceKeyFile(context.settings.home)).publicKey));
  const verdict = verifier.verify(token, { aud, nowS, deviceKey });
  if (!verdict.ok) throw new AceError(verdict.code, `the token is refused: ${verdict.reason}`);
  const { account, expiresAtS } = verdict;
  context.output.line(`good for ${expiresAtS - nowS} s`, "good");
  context.output.table([
    ["account", account],
    ["device", verdict.deviceKey],
    ["opens", aud],
  ]);
  return { account, expiresAtS, device: verdict.deviceKey, audience: aud };
}
