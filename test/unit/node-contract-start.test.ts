// Goal: contracts that cannot run keep a node from starting, with a reason, whatever the reason is.
// Method: the real contract process with too little memory; and processes that fail as the operating
//         system lets them fail, by a word or by an exception.
import { expect, it } from "vitest";
import type { EventFields } from "../../src/lib/events.ts";
import { watchStarts } from "../../src/node/contract-start.ts";
import { frameTypes } from "../../src/runtime/process-frames.ts";
import { startContractProcess } from "../../src/runtime/process-host.ts";
import {
  type Child,
  type ChildEvents,
  type SpawnOptions,
  spawnContractProcess,
} from "../../src/runtime/process-spawn.ts";

const dead: Child = { pid: undefined, isAlive: () => false, send: () => {}, kill: () => {} };

function start(spawn: (events: ChildEvents, options?: SpawnOptions) => Child) {
  const lines: [string, EventFields | undefined][] = [];
  const events = {
    info: () => {},
    warn: (name: string, fields?: EventFields) => void lines.push([name, fields]),
  };
  const starts = watchStarts(events, spawn);
  const options = { events, watchdogMs: 10_000, isRehearsed: true, spawn: starts.spawn };
  return { lines, starts, process: startContractProcess(options) };
}

it("a process that is ready lets the node go on", async () => {
  const { lines, starts, process } = start(spawnContractProcess);
  await using _process = process;
  await starts.ready();
  expect(lines).toEqual([]);
});

it("a process without memory is named, in the log and to who starts the node", async () => {
  const { lines, starts, process } = start((events, options) =>
    spawnContractProcess(events, { ...options, dataMb: 1 }),
  );
  await using _process = process;
  await expect(starts.ready()).rejects.toMatchObject({
    code: "CONTRACT_START_FAILED",
    message: expect.stringContaining("did not start: it ended"),
    exit: 6,
  });
  expect(lines).toEqual([
    ["contracts.start_failed", { reason: expect.stringContaining("it ended") }],
  ]);
});

it.each(["spawn ENOMEM", "spawn EPERM"])("%s is thrown, and told all the same", async (message) => {
  const { lines, starts, process } = start(() => {
    throw new Error(message);
  });
  await using _process = process;
  await expect(starts.ready()).rejects.toMatchObject({
    code: "CONTRACT_START_FAILED",
    message: expect.stringContaining(message),
  });
  expect(lines).toEqual([["contracts.start_failed", { reason: message }]]);
  // Later calls end, too, and end nothing else.
  const question = {
    state: { get: () => undefined, scan: () => [] },
    type: frameTypes.view,
    payload: new Uint8Array(),
    read: () => 0,
  };
  await expect(process.ask(question)).rejects.toMatchObject({ code: "CONTRACT_FAULT" });
});

it.each(["spawn ENOENT", "spawn EAGAIN"])("%s comes by an event", async (message) => {
  const { starts, process } = start(({ onEnd }) => {
    setImmediate(() => onEnd(message));
    return dead;
  });
  await using _process = process;
  await expect(starts.ready()).rejects.toThrow(message);
});

it("a process that must not run here says so itself", async () => {
  const { starts, process } = start(({ onFrame }) => {
    const payload = Buffer.from("isolated-vm 5.0.0");
    setImmediate(() => onFrame({ type: frameTypes.fault, payload }));
    return dead;
  });
  await using _process = process;
  await expect(starts.ready()).rejects.toMatchObject({ code: "DEPENDENCY_VERSION_WRONG" });
});

it("one that is ended before it is ready was not, and that is no line in the log", async () => {
  const { lines, starts, process } = start(() => dead);
  const ready = starts.ready();
  await process[Symbol.asyncDispose]();
  await expect(ready).rejects.toMatchObject({ code: "CONTRACT_START_FAILED" });
  expect(lines).toEqual([]);
});
