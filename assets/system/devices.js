/**
 * System contract 2: which device keys belong to which account.
 *
 * A key belongs to one account at a time. After its removal no other account can link it for 180
 * days, so that a key cannot be passed round; its own account may link it again at any time.
 *
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
} from "ace-node/contract";

contract({
  name: "devices",
  implements: ["devices/1"],
  upgrade: "dao",
  methods: {
    setup: { args: [] },
    add: { args: [bytes(32)] },
    remove: { args: [bytes(32)] },
    devices: { args: [account], view: true, returns: list(bytes(32), 16) },
    holder: { args: [bytes(32)], view: true, returns: optional(account) },
  },
});

const DEVICES_MAX = 16;
const COOLDOWN_SECONDS = 15_552_000n; // 180 days

const keysOf = state.map("keys", account, list(bytes(32), 16));
const holders = state.map("holder", bytes(32), account);
const removals = state.map("removed", bytes(32), { account: account, at: int });

export function setup() {}

/** Links a device key to the caller. */
export function add(key) {
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
