// Goal: what is printed can be trusted, by eyes and by parsers. Method: streams that remember.
import fc from "fast-check";
import { expect, it } from "vitest";
import { type Consent, confirm } from "../../src/cli/confirm.ts";
import { escapeText } from "../../src/cli/escape.ts";
import { jsonText } from "../../src/cli/json.ts";
import { createOutput, type Output } from "../../src/cli/output.ts";
import { hasColour, type Stream } from "../../src/cli/stream.ts";
import { tableLines, textWidth } from "../../src/cli/table.ts";
import type { Terminal } from "../../src/cli/terminal.ts";

interface Memory extends Stream {
  readonly text: () => string;
}

function memory(isTerminal = false): Memory {
  let written = "";
  const write = (text: string): void => {
    written += text;
  };
  const columns = isTerminal ? 40 : Number.POSITIVE_INFINITY;
  return { isTerminal, hasColour: isTerminal, columns, write, text: () => written };
}

function outputTo(streams: { stdout?: Memory; stderr?: Memory; json?: boolean; quiet?: boolean }) {
  const { stdout = memory(), stderr = memory(), json = false, quiet = false } = streams;
  return { stdout, stderr, output: createOutput({ stdout, stderr, json, quiet }) };
}

it.each([
  ["\u001b]52;c;ZXZpbA==\u0007", "\\u{1b}]52;c;ZXZpbA==\\u{7}"],
  ["pay \u202eXLM\u2066", "pay \\u{202e}XLM\\u{2066}"],
  ["two\nlines\r\u0085\u2028", "two\\u{a}lines\\u{d}\\u{85}\\u{2028}"],
  ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
  ["lone \ud800", "lone \\u{d800}"],
  ["می\u200cخواهم 👩\u200d🚀 café 日本", "می\u200cخواهم 👩\u200d🚀 café 日本"],
])("makes %j harmless", (text, shown) => {
  expect(escapeText(text)).toBe(shown);
});

it("prints JSON that is one harmless line and means what was given", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = jsonText(value);
      expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(value)));
      expect(escapeText(text)).toBe(text);
    }),
  );
  const title = "\u202e\u{e0041}\u009b";
  expect(JSON.parse(jsonText({ title }))).toEqual({ title });
});

it("writes amounts as text, bytes as hexadecimal, maps as objects", () => {
  const value = { amount: 2n ** 63n, hash: new Uint8Array([1, 255]), by: new Map([["a", 1n]]) };
  expect(jsonText(value)).toBe('{"amount":"9223372036854775808","hash":"01ff","by":{"a":"1"}}');
});

it("aligns columns, numbers to the right, and counts wide characters as two", () => {
  const rows = [
    ["movie", 5n, "x"],
    ["日本", "12.5000000", undefined],
  ];
  expect(tableLines(rows, ["name", "price"], Number.POSITIVE_INFINITY)).toEqual([
    "name        price",
    "movie           5  x",
    "日本   12.5000000",
  ]);
  expect(["日本", "👩‍🚀", "e\u0301", "⚠️"].map(textWidth)).toEqual([4, 2, 1, 2]);
});

it("cuts a list to the terminal, but shows a single thing whole", () => {
  const rows = [["a".repeat(30), "b".repeat(30)]];
  const [, cut = ""] = tableLines(rows, ["one", "two"], 40);
  expect([textWidth(cut), cut.endsWith("…")]).toEqual([40, true]);
  expect(tableLines(rows, undefined, 40)[0]).toHaveLength(62);
  expect(tableLines([], undefined, 40)).toEqual([]);
});

it("keeps data on stdout and messages on stderr, and neither coloured in a pipe", () => {
  const { stdout, stderr, output } = outputTo({});
  output.line("data\n", "good");
  output.note("message", "bad");
  output.progress("working").update(1, 2);
  output.close();
  expect([stdout.text(), stderr.text()]).toEqual(["data\\u{a}\n", "message\n"]);
});

it("leaves stdout to the one object with --json, and hushes notes with --quiet", () => {
  const { stdout, stderr, output } = outputTo({ json: true, quiet: true });
  output.line("data");
  output.table([["a"]]);
  output.note("message");
  output.warn("beware");
  expect([stdout.text(), stderr.text()]).toEqual(["", "warning: beware\n"]);
});

it("takes its progress line away before other text", () => {
  const { stderr, output } = outputTo({ stderr: memory(true) });
  output.progress("loading").update(1, 4);
  output.note("done");
  const clearLine = "\r\u001b[2K";
  expect(stderr.text()).toContain(`${clearLine}loading 1/4 (25 %)${clearLine}done\n`);
});

it("shortens addresses for eyes only", () => {
  const address = `GABC${"A".repeat(48)}WXYZ`;
  expect(outputTo({}).output.address(address)).toBe(address);
  expect(outputTo({ stdout: memory(true) }).output.address(address)).toBe("GABC…WXYZ");
});

it.each([
  [true, {}, true],
  [false, {}, false],
  [true, { NO_COLOR: "1" }, false],
  [true, { NO_COLOR: "" }, true],
  [true, { TERM: "dumb" }, false],
  [false, { CLICOLOR_FORCE: "1" }, true],
  [false, { CLICOLOR_FORCE: "1", NO_COLOR: "1" }, false],
])("colours a terminal %j with %j: %j", (isTerminal, environment, expected) => {
  expect(hasColour(isTerminal, environment)).toBe(expected);
});

interface Scene {
  readonly canAsk?: boolean;
  readonly answer?: string;
  readonly yes?: boolean;
  readonly consent?: Consent;
}

async function askedFor(scene: Scene): Promise<{ shown: string; asked: string; note: string }> {
  const { stderr, output } = outputTo({ quiet: true });
  let [shown, asked] = ["", ""];
  const terminal: Terminal = {
    canAsk: scene.canAsk ?? true,
    show: (line) => {
      shown += line;
    },
    ask: async (question) => {
      asked += question;
      return scene.answer ?? "";
    },
    askSecret: async () => "",
    readAll: async () => "",
  };
  await confirm(contextWith(output, terminal, scene.yes ?? false), ["pay 5 XLM"], scene.consent);
  return { shown, asked, note: stderr.text() };
}

function contextWith(output: Output, terminal: Terminal, yes: boolean) {
  const settings = {
    home: "",
    network: "",
    rpcUrl: "",
    nodeUrl: "",
    identity: undefined,
    json: false,
    quiet: true,
    verbose: false,
    noInput: false,
    yes,
  };
  return { settings, output, terminal };
}

it("shows what will happen even when quiet, then takes a yes", async () => {
  const { shown, asked } = await askedFor({ answer: "Yes" });
  expect([shown, asked]).toEqual(["pay 5 XLM", "Go on? [y/N]"]);
  await askedFor({ answer: "", consent: { isYesByDefault: true } });
  await askedFor({ answer: "class E", consent: { word: "class E" } });
  expect((await askedFor({ yes: true, canAsk: false })).asked).toBe("");
});

it.each([
  [{ answer: "" }, "CANCELLED"],
  [{ answer: "no" }, "CANCELLED"],
  [{ answer: "yellow" }, "CANCELLED"],
  [{ answer: "y", consent: { word: "alice" } }, "CANCELLED"],
  [{ canAsk: false }, "CONFIRMATION_NEEDED"],
])("does not go on after %j", async (scene, code) => {
  await expect(askedFor(scene)).rejects.toMatchObject({ code });
});
