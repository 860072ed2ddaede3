import type { Command } from "commander";
import { z } from "zod";
import { linkProof, loadDeviceKey } from "../../access/device-key.ts";
import { callOperations } from "../../client/build.ts";
import type { NodeClient } from "../../client/http.ts";
import { fromHex, toHex } from "../../lib/bytes.ts";
import { AceError } from "../../lib/errors.ts";
import { muxedAddress } from "../../lib/strkey.ts";
import type { Context } from "../context.ts";
import { deviceKeyFile } from "../device-key.ts";
import { examples } from "../help.ts";
import { identityAccount } from "../identity.ts";
import type { Run } from "../run.ts";
import { openSession, sendCall } from "../session.ts";

/** System contract 2 knows which device belongs to whom. */
const DEVICES = 2n;
const DEVICE_KEY = /^[0-9a-f]{64}$/;
const Keys = z.array(z.string().regex(DEVICE_KEY));

/** `ace device`: which devices an account watches on, where a licence limits them. */
export function register(noun: Command, run: Run): void {
  examples(
    noun.command("add").description("links this machine's device key to your account"),
    "ace device add --as viewer",
  ).action(run((context) => add(context)));
  examples(
    noun
      .command("remove [key]")
      .description("takes a device from your account, this machine's unless another is named")
      .summary("takes a device from your account"),
    "ace device remove --as viewer",
    "ace device remove 5b1c…90 --as viewer",
  ).action(run((context, [key]) => remove(context, key)));
  examples(
    noun.command("list [account]").description("the devices that are linked to an account"),
    "ace device list --as viewer",
  ).action(run((context, [account]) => list(context, account)));
}

async function add(context: Context): Promise<unknown> {
  const session = openSession(context);
  const account = await identityAccount(context);
  const device = loadDeviceKey(await deviceKeyFile(context.settings.home));
  const key = toHex(device.publicKey);
  const held = await linkedTo(session.node, account);
  if (held.includes(key)) {
    context.output.line(`this device is linked to ${account} already`, "good");
    return { account, device: key, devices: held };
  }
  const contract = muxedAddress(session.network.vault, DEVICES);
  const proof = fromHex(linkProof(device, { contract, account })) ?? new Uint8Array();
  const call = { contract: DEVICES, method: "add", args: [device.publicKey, proof] };
  const effect = [
    `link device ${key} to ${account}`,
    "once it is removed, no other account can link it for 180 days",
  ];
  const sent = await sendCall(context, session, callOperations(call), effect);
  context.output.line(`device ${key} is linked to ${sent.account}`, "good");
  return { ...sent, account, device: key, devices: [...held, key] };
}

async function remove(context: Context, named: string | undefined): Promise<unknown> {
  const session = openSession(context);
  const own = loadDeviceKey(await deviceKeyFile(context.settings.home)).publicKey;
  const key = named ?? toHex(own);
  const bytes = DEVICE_KEY.test(key) ? fromHex(key) : undefined;
  if (bytes === undefined) {
    throw new AceError("USAGE", `"${key}" is not a device key: \`ace device list\` shows them`);
  }
  const call = { contract: DEVICES, method: "remove", args: [bytes] };
  const effect = [
    `take device ${key} from your account; what it plays now ends`,
    "no other account can link it for 180 days, yours can",
  ];
  const sent = await sendCall(context, session, callOperations(call), effect);
  context.output.line(`device ${key} is not linked to ${sent.account} any more`, "good");
  return { ...sent, device: key };
}

async function list(context: Context, named: string | undefined): Promise<unknown> {
  const { node } = openSession(context);
  const account = named ?? (await identityAccount(context));
  const devices = await linkedTo(node, account);
  const own = toHex(loadDeviceKey(await deviceKeyFile(context.settings.home)).publicKey);
  if (devices.length === 0) context.output.line(`no device is linked to ${account}`);
  for (const key of devices) {
    context.output.line(key === own ? `${key}   this device` : key);
  }
  if (!devices.includes(own)) context.output.note(`this device, ${own}, is not linked`);
  return { account, devices, thisDevice: own };
}

async function linkedTo(node: NodeClient, account: string): Promise<readonly string[]> {
  const answer = await node.view(DEVICES, "devices", [account]);
  const keys = Keys.safeParse(answer.result);
  if (answer.ok && keys.success) return keys.data;
  throw new AceError("CALL_FAILED", `the devices of ${account} cannot be read: ${answer.code}`);
}
