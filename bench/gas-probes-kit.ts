/** The kit: state, codecs, keys, events, calls of contracts. Where a limit stands, steps are counted. */
import { hostShares, type Probe, probe } from "./gas-probe.ts";

const { readNs, writeNs, scanNs } = hostShares;
/** A contract that does nothing, deployed before all others. */
const CALLEE = 256;
const hexadecimal = "ab".repeat(32);
const address = "GDQP2KPQGKIHYJGXNUIYOMHARUARCA7DJT5FO2FFOOKY3B2WSQHG4W37";
const top = `const value = state.value("v", int);
const byInt = state.map("i", int, int);
const byText = state.map("t", text, int);
const byAccount = state.map("a", account, int);
const byHash = state.map("h", hash, int);
const byPair = state.map("p", account, int, int);
const records = state.map("r", int, { owner: account, amount: int, note: text });
const lists = state.map("l", int, list(int, 1000));
const texts = state.map("x", int, text);`;
const state = { top, before: "let n = 0n, r = 0;", copies: 4 };
const counted = { ...state, copies: 1, times: 60 };
const record = `{ owner: "${address}", amount: 1000n, note: "a note" }`;

const places: readonly Probe[] = [
  probe("state.get gas.stateRead gas.stateReadByte", "byInt.get(n); n += 1n;", {
    ...state,
    hostNs: readNs,
    title: "missed",
  }),
  probe("state.get", "value.get();", { ...state, title: "known" }),
  probe("state.has", "byInt.has(n); n += 1n;", { ...state, hostNs: readNs }),
  probe("state.set gas.stateWrite", "byInt.set(n, n); n += 1n;", { ...counted, hostNs: writeNs }),
  probe("gas.stateWriteByte", "texts.set(n, w); n += 1n;", {
    ...counted,
    before: "let n = 0n; const w = 'x'.repeat(8000);",
    hostNs: writeNs + 20_000,
  }),
  probe("state.delete", "byInt.delete(n); n += 1n;", { ...counted, hostNs: writeNs }),
  probe("state.scan gas.scanPage", "byHash.scan();", {
    ...state,
    copies: 1,
    times: 40,
    hostNs: scanNs,
  }),
  probe("state.scan gas.scanRow gas.scanByte", "byInt.scan({ limit: 50 });", {
    ...state,
    before: "for (let i = 0n; i < 60n; i++) byInt.set(i, i);",
    copies: 1,
    times: 40,
    title: "50 rows",
  }),
  probe("state.value", "state.value('v', int);", state),
  probe("state.map", "state.map('i', int, int);", state),
  probe("state.map", "state.map('m' + n, int, { a: int, b: text, c: list(int, 9) }); n += 1n;", {
    ...state,
    title: "new",
  }),
  probe("key.text", "byText.get('k' + n); n += 1n;", { ...state, hostNs: readNs }),
  probe("key.account gas.codecAddress", `byAccount.get("${address}");`, state),
  probe("key.hash", `byHash.get("${hexadecimal}");`, state),
  probe("key.pair", `byPair.get("${address}", n); n += 1n;`, { ...state, hostNs: readNs }),
];

const codecs: readonly Probe[] = [
  probe("codec.record gas.codecValue", `records.set(1n, ${record});`, { ...counted, hostNs: 0 }),
  probe("codec.record", "records.get(1n);", {
    ...state,
    before: `records.set(1n, ${record});`,
    title: "read",
  }),
  probe("codec.list gas.codecBytes", "lists.set(1n, a);", {
    ...counted,
    hostNs: 0,
    before: "const a = []; for (let i = 0n; i < 500n; i++) a.push(i * 99999999n);",
  }),
  probe("codec.list", "lists.get(1n);", {
    ...state,
    title: "read",
    beforeGas: 200_000,
    before:
      "const a = []; for (let i = 0n; i < 500n; i++) a.push(i * 99999999n); lists.set(1n, a);",
  }),
  probe("codec.list", "lists.set(1n, a);", {
    ...counted,
    title: "wide integers",
    before: "const a = []; for (let i = 0n; i < 200n; i++) a.push(2n ** 200n + i);",
  }),
  probe("codec.text", "texts.set(1n, w);", {
    ...counted,
    title: "wide characters",
    before: "const w = '界é'.repeat(2000);",
  }),
  probe("codec.text", "texts.get(1n);", {
    ...state,
    title: "wide characters read",
    beforeGas: 100_000,
    before: "texts.set(1n, '界é'.repeat(2000));",
  }),
];

const effects: readonly Probe[] = [
  probe("kit.emit gas.event", "emit('topic', n); n += 1n;", { ...state, copies: 1, times: 30 }),
  probe("kit.emit gas.eventByte", "emit('topic', w);", {
    copies: 1,
    times: 30,
    title: "long",
    before: "const w = 'x'.repeat(250);",
  }),
  probe("kit.emit", "emit('topic', o);", {
    copies: 1,
    times: 30,
    title: "a record",
    before: "const o = { first: 1n, second: 'two', third: [1n, 2n], fourth: { a: true } };",
  }),
  probe("kit.pay gas.pay", `try { pay("${address}", XLM, 5n); } catch (e) {}`, {
    copies: 1,
    title: "refused",
  }),
  probe("kit.take gas.take gas.facts", "try { take({ operation: 0n }); } catch (e) {}", {
    copies: 1,
    title: "refused",
  }),
  probe("kit.call gas.contractCall", `call(${CALLEE}n, 'f', []);`, { copies: 2 }),
  probe("kit.call", `try { call(${CALLEE}n, 'f', [], { gas: 1n }); } catch (e) {}`, {
    copies: 2,
    title: "out of its gas",
  }),
  probe("kit.call", "try { call(999999n, 'f', []); } catch (e) {}", {
    copies: 2,
    title: "of nobody",
  }),
  probe("kit.fail", "try { fail('MINE'); } catch (e) {}", { copies: 2 }),
  probe("kit.sha256 gas.sha256", `sha256("${hexadecimal}");`),
  probe("kit.sha256", "sha256(w);", {
    title: "8 KB",
    before: "const w = 'ab'.repeat(8000);",
    beforeGas: 20_000,
  }),
  probe(
    "kit.verify gas.verify",
    `verify("${address}", "${hexadecimal}", "${hexadecimal}${hexadecimal}");`,
    { copies: 1, hostNs: 100_000 },
  ),
  probe(
    "ctx.caller ctx.self ctx.number ctx.ledger ctx.time ctx.txHash",
    "ctx.caller; ctx.self; ctx.number; ctx.ledger; ctx.time; ctx.txHash;",
  ),
  probe("ctx.transfers ctx.locks", "ctx.transfers; ctx.locks;"),
  probe("ctx.paid gas.money", "ctx.paid(XLM);"),
  probe("ctx.balance", "ctx.balance(XLM);"),
  probe(
    "kit.types",
    "list({ a: int, b: optional(text), c: bytes(32), d: oneOf('x', 'y'), e: record({ f: bool }) }, 9);",
  ),
];

export const kitProbes: readonly Probe[] = [...places, ...codecs, ...effects];
