/**
 * System contract 2: which device keys belong to which account.
 *
 * A key belongs to one account at a time. After its removal no other account can link it for 180
 * days, so that a key cannot be passed round; its own account may link it again at any time.
 *
 * Proof  Nobody links a key without it: the key signs the text `ace-device-link-v1 <this contract's
 *        address> <the account>`, in ASCII. The address is another one on every service network.
 * Units  Times are Unix seconds of close time; a device key is an Ed25519 public key.
 */
import {
  account,
  bytes,
  contract,
  ctx,
  emit,
  fail,
  int,
  list,
  optional,
  state,
  verify,
} from "ace-node/contract";

contract({
  name: "devices",
  implements: ["devices/1"],
  upgrade: "dao",
  methods: {
    setup: { args: [] },
    add: { args: [bytes(32), bytes(64)] },
    remove: { args: [bytes(32)] },
    devices: { args: [account], view: true, returns: list(bytes(32), 16) },
    holder: { args: [bytes(32)], view: true, returns: optional(account) },
  },
});

const DEVICES_MAX = 16;
const COOLDOWN_SECONDS = 15_552_000n; // 180 days
const CLAIM = "ace-device-link-v1";

const HEX = "0123456789abcdef";
const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const ACCOUNT_VERSION = "30";
const CRC_POLYNOMIAL = 0x1021;

const keysOf = state.map("keys", account, list(bytes(32), 16));
const holders = state.map("holder", bytes(32), account);
const removals = state.map("removed", bytes(32), { account: account, at: int });

export function setup() {}

/** Links a device key to the caller, who shows that he has it. */
export function add(key, proof) {
  const claim = `${CLAIM} ${ctx.self} ${ctx.caller}`;
  if (!verify(addressOf(key), hexOf(claim), proof)) fail("DEVICE_PROOF");
  const holder = holders.get(key);
  if (holder !== undefined) fail(holder === ctx.caller ? "DEVICE_LINKED" : "DEVICE_TAKEN");
  const removed = removals.get(key);
  if (removed !== undefined && removed.account !== ctx.caller) {
    if (ctx.time < removed.at + COOLDOWN_SECONDS) fail("DEVICE_COOLDOWN");
  }
  const keys = keysOf.get(ctx.caller) ?? [];
  if (keys.length >= DEVICES_MAX) fail("DEVICE_LIMIT");
  keysOf.set(ctx.caller, keys.concat([key]));
  holders.set(key, ctx.caller);
  removals.delete(key);
  emit("added", { account: ctx.caller, key });
}

/** Takes a device key away from the caller. */
export function remove(key) {
  if (holders.get(key) !== ctx.caller) fail("DEVICE_UNKNOWN");
  const keys = keysOf.get(ctx.caller) ?? [];
  keysOf.set(
    ctx.caller,
    keys.filter((other) => other !== key),
  );
  holders.delete(key);
  removals.set(key, { account: ctx.caller, at: ctx.time });
  emit("removed", { account: ctx.caller, key });
}

export function devices(owner) {
  return keysOf.get(owner) ?? [];
}

export function holder(key) {
  return holders.get(key);
}

function hexOf(ascii) {
  let hex = "";
  for (let index = 0; index < ascii.length; index += 1) hex += byteHex(ascii.charCodeAt(index));
  return hex;
}

/** The key as `verify` names keys: base32 of version, key and CRC-16/XMODEM (SEP-23). */
function addressOf(key) {
  const named = ACCOUNT_VERSION + key;
  const crc = checksum(named);
  const hex = named + byteHex(crc & 0xff) + byteHex(crc >> 8);
  let text = "";
  let pending = 0;
  let bits = 0;
  for (let index = 0; index < hex.length; index += 1) {
    pending = ((pending << 4) | HEX.indexOf(hex[index])) & 0xff;
    bits += 4;
    if (bits < 5) continue;
    bits -= 5;
    text += BASE32[(pending >> bits) & 31];
  }
  return text;
}

function checksum(hex) {
  let crc = 0;
  for (let index = 0; index < hex.length; index += 2) {
    crc ^= ((HEX.indexOf(hex[index]) << 4) | HEX.indexOf(hex[index + 1])) << 8;
    for (let bit = 0; bit < 8; bit += 1) {
      crc = ((crc & 0x8000) === 0 ? crc << 1 : (crc << 1) ^ CRC_POLYNOMIAL) & 0xffff;
    }
  }
  return crc;
}

function byteHex(byte) {
  return HEX[byte >> 4] + HEX[byte & 15];
}
