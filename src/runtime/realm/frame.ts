/** The call that is running: who it is, who called, and what its code offers. */
import type { AbiType } from "../../contracts/abi.ts";
import { gasSchedule } from "../limits.ts";
import type { FrameFacts } from "../sandbox.ts";
import { decodeFacts } from "./decode.ts";
import { host } from "./host.ts";
import { charge, failWith } from "./meter.ts";
import { objectKeys, parseJson } from "./primordials.ts";
import { Table } from "./table.ts";

export interface Frame {
  readonly facts: FrameFacts;
  readonly prefix: string;
  /** Read from the host when first asked for; `take` knows its items by identity. */
  transfers: readonly unknown[] | undefined;
  locks: readonly unknown[] | undefined;
}

interface MethodTypes {
  readonly args: readonly AbiType[];
  readonly returns?: AbiType;
}

type Exports = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export interface Installed {
  readonly factory: (kit: object) => Exports;
  readonly methods: Pick<Table<string, InstalledMethod>, "get">;
}

interface InstalledMethod {
  /** As the engine knows it: a property is found by it without a search for the same text. */
  readonly name: string;
  readonly args: readonly AbiType[];
  readonly returns: AbiType | undefined;
}

const installed = new Table<string, Installed>();
const frames: { current: Frame | undefined } = { current: undefined };

/** Keeps admitted code under its hash. */
export function install(codeHash: string, factory: Installed["factory"], methods: string): void {
  const types: Readonly<Record<string, MethodTypes>> = parseJson(methods);
  const table = new Table<string, InstalledMethod>();
  const names = objectKeys(types);
  for (let index = 0; index < names.length; index += 1) {
    const name = names[index] ?? "";
    const found = types[name];
    if (found !== undefined) table.set(name, { name, args: found.args, returns: found.returns });
  }
  installed.set(codeHash, { factory, methods: table });
}

export function installedCode(codeHash: string): Installed {
  return installed.get(codeHash) ?? failWith("CONTRACT_UNKNOWN");
}

export function current(): Frame {
  return frames.current ?? failWith("CONTRACT_UNKNOWN");
}

/** Makes `frame` the one that runs, and returns the one before. */
export function enterFrame(frame: Frame | undefined): Frame | undefined {
  const outer = frames.current;
  frames.current = frame;
  return outer;
}

export function transfers(): readonly unknown[] {
  const frame = current();
  frame.transfers ??= facts("transfers");
  return frame.transfers;
}

export function locks(): readonly unknown[] {
  const frame = current();
  frame.locks ??= facts("locks");
  return frame.locks;
}

function facts(kind: string): readonly unknown[] {
  charge(gasSchedule.facts);
  return decodeFacts(host.facts(kind));
}
