import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { z } from "zod";
import { protocols } from "../../src/runtime/protocol.ts";
import { protocolVectors } from "../vectors/make-protocol.ts";

const read = (path: string): unknown => JSON.parse(readFileSync(path, "utf8"));

it("changes nothing that nodes agree on without a number (see test/vectors/make-protocol.ts)", () => {
  expect(protocolVectors()).toEqual(read("test/vectors/protocol.json"));
});

it("numbers its versions without a gap, from the first", () => {
  expect(protocols.map(({ number }) => number)).toEqual(protocols.map((_, index) => index + 1));
});

it("names the parser that judges source and the engine that runs it", () => {
  const acorn = z.object({ version: z.string() }).parse(read("node_modules/acorn/package.json"));
  const { parts } = protocols.at(-1) ?? { parts: {} };
  expect(parts).toMatchObject({
    acorn: acorn.version,
    v8: Number.parseInt(process.versions.v8, 10),
  });
});
