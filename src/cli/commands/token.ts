import type { Command } from "commander";
import { loadDeviceKey } from "../../access/device-key.ts";
import { makeIssuerSet } from "../../access/issuer-set.ts";
import { parseToken } from "../../access/token-form.ts";
import { TokenVerifier } from "../../access/verifier.ts";
import type { LeasesJson } from "../../client/content-schemas.ts";
import { networkId } from "../../contracts/service-network.ts";
import { toHex } from "../../lib/bytes.ts";
import { AceError } from "../../lib/errors.ts";
import { readServiceNetwork } from "../../node/files.ts";
import { askIssuers } from "../../node/known-issuers.ts";
import { networkPrefix } from "../../node/policy.ts";
import { openTokenDesk } from "../../node/token-source.ts";
import type { Context } from "../context.ts";
import { deviceKeyFile } from "../device-key.ts";
import type { Flags } from "../flags.ts";
import { examples } from "../help.ts";
import type { Run } from "../run.ts";
import { openSession } from "../session.ts";
import { checkWords, claimWords } from "../token-words.ts";
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
    checks(noun.command("verify <token>")).description(
      "checks a token as a peer would; without a content it needs no node",
    ),
    "ace token verify eyJh… --any-device",
    "ace token verify eyJh… --content 5b1c…90",
  ).action(run((context, [token = ""], flags) => verify(context, token, flags)));
  examples(
    checks(noun.command("explain <token>")).description(
      "every claim of a token in words, and what each check says; never fails for a bad one",
    ),
    "ace token explain eyJh…",
  ).action(run((context, [token = ""], flags) => explain(context, token, flags)));
  examples(
    noun
      .command("leases")
      .description("what you play now on your devices, where a licence limits plays at once"),
    "ace token leases --as viewer",
  ).action(run((context) => leases(context)));
  examples(
    noun.command("stop <lease>").description("ends one of these plays, on whatever device"),
    "ace token stop mTdI…0a --as viewer",
  ).action(run((context, [lease = ""]) => stop(context, lease)));
}

function checks(command: Command): Command {
  return command
    .option("--content <id>", "the content it should open; its licence is asked of the node")
    .option("--licence <contract>", "the licence contract of the content, as its record says")
    .option("--device <key>", "the device key that shows it (default: this device's)")
    .option("--any-device", "do not check who shows it");
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
  const { verdict, left, aud, nowS } = await judge(context, token, flags);
  if (!verdict.ok) throw new AceError(verdict.code, `the token is refused: ${verdict.reason}`);
  const { account, expiresAtS } = verdict;
  context.output.line(`good for ${expiresAtS - nowS} s`, "good");
  context.output.table([
    ["account", account],
    ["device", verdict.deviceKey],
    ["opens", aud],
  ]);
  for (const what of left) context.output.note(`not checked: ${what}`);
  return { account, expiresAtS, device: verdict.deviceKey, audience: aud, notChecked: left };
}

async function explain(context: Context, token: string, flags: Flags): Promise<unknown> {
  const { verdict, left, nowS } = await judge(context, token, flags);
  const claims = claimWords(token, nowS);
  const words = checkWords(verdict, left);
  context.output.table(claims.map(({ claim, value, means }) => [claim, value, means]));
  for (const [place, line] of words.entries()) {
    const tone = verdict.ok ? "good" : "bad";
    context.output.line(line, place === 0 ? tone : "dim");
  }
  const refusal = verdict.ok ? {} : { code: verdict.code, reason: verdict.reason };
  return { ok: verdict.ok, ...refusal, claims, notChecked: left };
}

/** As a peer would; what cannot be known without a node is told as such. */
async function judge(context: Context, token: string, flags: Flags) {
  const network = readServiceNetwork(context.settings.network);
  const nowS = Math.floor(context.clock.nowMs() / 1_000);
  const own = parseToken(token);
  const content = flags.text("content");
  const { node } = openSession(context);
  const record = content === undefined ? undefined : await node.content(content);
  const named = record?.licence ?? flags.text("licence");
  const claimed = own.ok ? own.claims.lic : undefined;
  const lic = named ?? (record === undefined ? claimed : undefined);
  const aud = record === undefined && own.ok ? own.claims.aud : `btih:${record?.infohash ?? ""}`;
  const listed = record === undefined ? network.issuers : await askIssuers(network, [node]);
  const issuers = makeIssuerSet(listed);
  const verifier = new TokenVerifier({
    net: networkPrefix(networkId(network)),
    issuers: () => issuers,
    licenceOf: () => (lic !== undefined && /^\d{1,20}$/.test(lic) ? BigInt(lic) : undefined),
  });
  const deviceKey = flags.isOn("anyDevice") ? undefined : await shownDevice(context, flags);
  const verdict = verifier.verify(token, { aud, nowS, deviceKey });
  return { verdict, left: notChecked({ record, named, deviceKey }), aud, nowS };
}

async function shownDevice({ settings }: Context, flags: Flags): Promise<string> {
  const named = flags.text("device");
  return named ?? toHex(loadDeviceKey(await deviceKeyFile(settings.home)).publicKey);
}

function notChecked({
  record,
  named,
  deviceKey,
}: {
  readonly record: object | undefined;
  readonly named: string | undefined;
  readonly deviceKey: string | undefined;
}): readonly string[] {
  return [
    ...(record === undefined ? ["which content it opens (--content)"] : []),
    ...(named === undefined ? ["whether its licence is the content's (--licence)"] : []),
    ...(deviceKey === undefined ? ["who shows it"] : []),
    "whether it was revoked meanwhile",
  ];
}

async function leases(context: Context): Promise<unknown> {
  const found = await openTokenDesk(await openViewer(context)).leases();
  show(context, found);
  return found;
}

async function stop(context: Context, lease: string): Promise<unknown> {
  const found = await openTokenDesk(await openViewer(context)).stop(lease);
  context.output.line(`lease ${lease} is free`, "good");
  show(context, found);
  return found;
}

function show({ output }: Context, { leases: held }: LeasesJson): void {
  if (held.length === 0) {
    output.line("nothing plays under a licence that limits plays at once");
    return;
  }
  const rows = held.map(({ lease, contract, device, startedAtS }) => [
    lease,
    contract,
    device,
    new Date(startedAtS * 1_000).toISOString(),
  ]);
  output.table(rows, ["lease", "licence", "device", "since"]);
}
