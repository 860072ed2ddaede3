/**
 * A program as plain JavaScript, with a kit of a few lines in place of the real one: what it means when
 * nothing is metered.
 */
import { compileFunction } from "node:vm";
import { compareBytes } from "../src/lib/bytes.ts";

const EVENTS_MAX = 32;

export interface PlainRun {
  /** Empty when it ran to its end, the code of `fail`, or `THROWN`. */
  readonly code: string;
  /** As JSON, integers with an n. */
  readonly events: string;
}

class Failure extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

export function plainRun(plain: string): PlainRun {
  const events: (readonly [string, unknown])[] = [];
  const kit = {
    state: { value: () => new Value(), map: () => new Rows() },
    ctx: {},
    int: "int",
    text: "text",
    emit: (topic: string, data: unknown): void => {
      if (events.length >= EVENTS_MAX) throw new Failure("TOO_MANY_EVENTS");
      events.push([topic, structuredClone(data)]);
    },
    fail: (code: string): never => {
      throw new Failure(code);
    },
  };
  const run = compileFunction(`"use strict";\n${plain}`, Object.keys(kit));
  try {
    run(...Object.values(kit));
    return { code: "", events: eventsText(events) };
  } catch (error) {
    return { code: error instanceof Failure ? error.code : "THROWN", events: "[]" };
  }
}

export function eventsText(events: readonly (readonly [string, unknown])[]): string {
  return JSON.stringify(events, (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    return value instanceof Map ? Object.fromEntries(value) : value;
  });
}

type Key = bigint | string;

class Value {
  #value: unknown;

  get(): unknown {
    return this.#value;
  }

  set(value: unknown): void {
    this.#value = value;
  }
}

class Rows {
  readonly #rows = new Map<Key, unknown>();

  get(key: Key): unknown {
    return this.#rows.get(key);
  }

  has(key: Key): boolean {
    return this.#rows.has(key);
  }

  set(key: Key, value: unknown): void {
    this.#rows.set(key, value);
  }

  delete(key: Key): void {
    this.#rows.delete(key);
  }

  scan({ limit = 100 }: { readonly limit?: number } = {}) {
    const rows = [...this.#rows].toSorted(([left], [right]) => inOrder(left, right));
    return rows.slice(0, limit).map(([key, value]) => ({ key: [key], value }));
  }
}

function inOrder(left: Key, right: Key): number {
  if (typeof left === "string" && typeof right === "string") {
    return compareBytes(Buffer.from(left), Buffer.from(right));
  }
  return left < right ? -1 : 1;
}
