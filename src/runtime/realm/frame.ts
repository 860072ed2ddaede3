/** The call that is running: who it is, who called, and what its code offers. */
import type { AbiType } from "../../contracts/abi.ts";
import { gasSchedule } from "../limits.ts";
import type { FrameFacts } from "../sandbox.ts";
import { decodeFacts } from "./decode.ts";
import { host } from "./host.ts";
import { charge, failWith } from "./meter.ts";
import { create, parseJson } from "./primordials.ts";

export interface Frame {
  readonly facts: FrameFacts;
  readonly prefix: string;
  /** Read from the host when first asked for; `take` knows its items by identity. */
  transfers: readonly unknown[] | undefined;
  locks: readonly unknown[] | undefined;
}

export interface MethodTypes {
  readonly args: readonly AbiType[];
  readonly returns?: AbiType;
}

type Exports = Readonly<Record<string, (...args: unknown[]) => unknown>>;

export interface Installed {
  readonly factory: (kit: object) => Exports;
  readonly methods: Readonly<Record<string, MethodTypes>>;
}

const installed: Record<string, Installed> = create(null);
const frames: { current: Frame | undefined } = { current: undefined };

/** Keeps admitted code under its hash. */
export function install(codeHash: string, factory: Installed["factory"], methods: string): void {
  installed[codeHash] = { factory, methods: parseJson(methods) };
}

export function installedCode(codeHash: string): Installed {
  return installed[codeHash] ?? failWith("CONTRACT_UNKNOWN");
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
