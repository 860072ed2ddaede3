// Goal: keep the house as drawn in ARCHITECTURE.md.
// Method: read every source line once and check what no linter can.
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";

/** From the ground up. A room imports from lower floors only, never its own floor or above. */
const floors = [
  ["lib"],
  ["ledger", "contracts"],
  ["runtime", "devnet"],
  ["store", "authoring"],
  ["access", "p2p", "client"],
  ["api"],
  ["node"],
  ["cli"],
];

/** The only files that may touch the clock, chance, the disk, the network or the process. */
const doors =
  /^src\/(lib\/(clock|pace|sodium)|ledger\/(rpc-|http-|object-store|ledger-folder)|runtime\/process|store\/database|devnet\/(server|files)|(authoring|p2p|client|api|node|cli)\/)/;
const outside =
  /\bDate\b|Math\.random|\bprocess\.|\bsetTimeout\b|"node:(?!assert|crypto|zlib|path)/;
const lineMax = 300;
/** Nobody reads these line by line: `npm run generate` makes them, and a test compares. */
const generated = /\.gen\.ts$/;

const files = globSync("src/**/*.ts").map((path) => ({
  path: path.replaceAll("\\", "/"),
  text: readFileSync(path, "utf8"),
}));
const roomOf = (path: string): string => path.split("/")[1] ?? "";
const floorOf = (path: string): number => floors.findIndex((rooms) => rooms.includes(roomOf(path)));

it("finds the house at all", () => {
  expect(files.length).toBeGreaterThan(20);
});

describe.each(files)("$path", ({ path, text }) => {
  const lines = text.split("\n");

  it("stands on a floor and imports only from below", () => {
    expect(floorOf(path), "this room is not on the plan").toBeGreaterThanOrEqual(0);
    const targets = [...text.matchAll(/(?:from|import\() ?"(\.[^"]+)"/g)].map(([, to = ""]) =>
      join(dirname(path), to),
    );
    const outward = targets.filter((target) => roomOf(target) !== roomOf(path));
    expect(outward.filter((target) => floorOf(target) >= floorOf(path))).toEqual([]);
  });

  it("fits in one sitting", () => {
    if (!generated.test(path)) expect(lines.length).toBeLessThanOrEqual(lineMax);
  });
});

describe.each(files.filter(({ path }) => !doors.test(path)))("$path", ({ text }) => {
  it("computes the same on every node", () => {
    const code = text.split("\n").filter((line) => !/^\s*(\*|\/\/|\/\*)/.test(line));
    expect(code.filter((line) => outside.test(line))).toEqual([]);
  });
});

it("describes every setting of the tests", () => {
  const told = readFileSync("docs/testing.md", "utf8");
  const read = globSync("test/**/*.ts").flatMap((path) =>
    [...readFileSync(path, "utf8").matchAll(/process\.env\["([A-Z_]+)"\]/g)].map(
      ([, name]) => name,
    ),
  );
  const unknown = new Set(read.filter((name) => !told.includes(`\`${name}\``)));
  expect([...unknown]).toEqual(["PATH"]);
});
