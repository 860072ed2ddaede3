// Goal: what `ace contract new` makes can be built as it is, and gas is compared with what was agreed.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { buildContract } from "../../src/authoring/build-contract.ts";
import { checkTypes } from "../../src/authoring/check-types.ts";
import { gasRows, SNAPSHOT_FILE, saveSnapshot } from "../../src/authoring/gas-snapshot.ts";
import { newContract, templateNames } from "../../src/authoring/new-contract.ts";

const home = mkdtempSync(join(tmpdir(), "ace-folder-"));
afterAll(() => rmSync(home, { recursive: true, force: true }));

describe("a new folder", () => {
  it.each(templateNames)(
    "from %s builds, its types fit, and its test finds all beside it",
    (from) => {
      const { folder, source, files } = newContract(join(home, from), from);
      expect(readdirSync(folder).toSorted()).toEqual(files);
      checkTypes(source, buildContract(source));
      const test = files.find((name) => name.endsWith(".test.ts")) ?? "";
      const named = readFileSync(join(folder, test), "utf8").matchAll(/"(?:\.\/)?([\w./-]+\.ts)"/g);
      for (const [, name = ""] of named) expect(files).toContain(name);
    },
  );

  it("is never made over another, nor from what there is not", () => {
    const refused = (folder: string, from: string) => () => newContract(join(home, folder), from);
    expect(refused("licence", "licence")).toThrow(expect.objectContaining({ code: "USAGE" }));
    expect(refused("Odd Name", "licence")).toThrow(expect.objectContaining({ code: "USAGE" }));
    const unknown = expect.objectContaining({ code: "TEMPLATE_UNKNOWN" });
    for (const from of ["none", "toString", ""]) expect(refused("x", from)).toThrow(unknown);
  });
});

describe("gas", () => {
  const [folder, notes] = [join(home, "gas"), join(home, "notes")];
  const use = (gas: readonly number[]) => {
    mkdirSync(folder, { recursive: true });
    mkdirSync(notes, { recursive: true });
    const text = JSON.stringify(gas.map((used) => ({ contract: "c", method: "go", gas: used })));
    writeFileSync(join(notes, "one.json"), text);
    return gasRows(notes, folder, 5);
  };
  const kept = (): unknown => JSON.parse(readFileSync(join(folder, SNAPSHOT_FILE), "utf8"));

  it("is written down when it is new, and left when it has changed", () => {
    const rows = use([90, 100]);
    expect(rows).toMatchObject([{ calls: 2, least: 90, most: 100, isChanged: false }]);
    expect(saveSnapshot(folder, rows, false)).toBe(true);
    expect(saveSnapshot(folder, use([200]), false)).toBe(false);
    expect(kept()).toEqual({ c: { go: 100 } });
  });

  it("has changed beyond the tolerance alone, whether it is more or less", () => {
    const isChanged = (gas: number) => use([gas])[0]?.isChanged;
    expect([94, 95, 100, 105, 106].map(isChanged)).toEqual([true, false, false, false, true]);
  });

  it("is written down anew when that is asked for", () => {
    expect(saveSnapshot(folder, use([200]), true)).toBe(true);
    expect(kept()).toEqual({ c: { go: 200 } });
  });

  it("is not compared with what is no snapshot", () => {
    writeFileSync(join(folder, SNAPSHOT_FILE), '{"c":1}');
    expect(() => use([1])).toThrow(expect.objectContaining({ code: "FILE_UNREADABLE" }));
  });
});
