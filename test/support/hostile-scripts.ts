/** Scripts that try to get around the meter, the limits or the walls. Each is the text of a module's body. */

export interface Hostile {
  readonly name: string;
  /** Declarations and `export function f`. */
  readonly body: string;
  /** `returns` of `f`, as a type of the kit. */
  readonly returns?: string;
}

const run = (name: string, statements: string): Hostile => ({
  name,
  body: `export function f() { ${statements} }`,
});
const give = (name: string, statements: string, returns: string): Hostile => ({
  ...run(name, statements),
  returns,
});

export const hostileScripts: readonly Hostile[] = [
  // Loops, and ways to swallow what ends them.
  run("endless while", "while (true) {}"),
  run("endless for without a body", "for (;;);"),
  run("endless do", "do {} while (true);"),
  run("a catch around the end of gas", "for (;;) { try { for (;;) {} } catch (e) {} finally {} }"),
  run("a finally that returns", "function g() { try { for (;;) {} } finally { return 1; } } g();"),
  run("a labelled continue", "a: for (;;) { continue a; }"),
  run("a switch in a loop", "for (;;) { switch (1) { case 1: continue; } }"),
  // Recursion.
  run("deep recursion", "function r(n) { return r(n + 1) + 1; } r(0);"),
  run("recursion in a default", "function r(a = r()) { return a; } r();"),
  run("recursion in a pattern's default", "function r({ a = r({}) }) { return a; } r({});"),
  run("recursion in a callback", "const r = () => [1].map(r); r();"),
  run("recursion in a comparator", "const r = () => [2, 1].sort(r); r();"),
  give(
    "depth seen through a catch",
    "let d = 0n; function r() { d += 1n; r(); } try { r(); } catch (e) { return d; } return 0n;",
    "int",
  ),
  run("a large frame in recursion", `function r(${names("a", 30)}) { ${locals(900)} r(); } r();`),
  // Allocation.
  run("pushing for ever", "const a = []; for (;;) a.push(a);"),
  run("doubling by spread", "let a = [1]; for (;;) a = [...a, ...a];"),
  run("doubling by concat", "let a = [1]; for (;;) a = a.concat(a);"),
  run("a far index", "const a = []; a[4294967290] = 1;"),
  run("a gap by compound assignment", "const a = []; a[9] += 1;"),
  run("a gap by increment", "const a = []; a[5]++;"),
  run("doubling text", "let s = 'x'; for (;;) s += s;"),
  run("doubling text in a template", "let s = 'x'; for (;;) s = `$" + "{s}$" + "{s}`;"),
  run("repeat", "'x'.repeat(500000000);"),
  run("repeat of nothing", "''.repeat(9007199254740991);"),
  run("padStart", "'x'.padStart(500000000);"),
  run(
    "joining long texts",
    "const a = []; for (let i = 0; i < 99; i++) a.push('x'.repeat(16000)); a.join('');",
  ),
  run("a Map that grows", "const m = new Map(); for (let i = 0; ; i++) m.set(i, i);"),
  run("an object that grows", "const o = {}; for (let i = 0; ; i++) o['k' + i] = i;"),
  run("closures for ever", "let c = () => 0; for (;;) { const p = c; c = () => p; }"),
  run("an array from a length", "Array.from({ length: 1000000000 });"),
  run(
    "a Set of a large array, for ever",
    "const a = []; for (let i = 0; i < 9000; i++) a.push(i); for (;;) new Set(a);",
  ),
  // Numbers.
  run("squaring for ever", "let x = 3n; for (;;) x *= x;"),
  run("a huge power", "2n ** 10000000n;"),
  run("a huge shift", "1n << 1000000000n;"),
  run("a huge shift to the right", "1n >> -1000000000n;"),
  run("an integer of a long text", "BigInt('9'.repeat(16000));"),
  run("a number of a long text", "Number('9'.repeat(16000));"),
  run("text minus text", "'9'.repeat(16000) - '1';"),
  run("asUintN of many bits", "BigInt.asUintN(1000000000, -1n);"),
  run("division by zero", "1n / 0n;"),
  run("a power of fractions", "1.1 ** 0.5;"),
  give("the largest integer", "return 2n ** 255n - 1n;", "int"),
  // Coercion, prototypes and the names of the meter.
  run("recursion by text conversion", "const o = { toString() { return '' + o; } }; '' + o;"),
  run("an object as a key", "const o = {}; o[{ toString() { return 'k'; } }] = 1;"),
  run("writing to Object", "Object.keys = 1;"),
  run("writing to a prototype", "const p = 'proto' + 'type'; Map[p].get = 1;"),
  run("writing to a method of arrays", "const a = []; a.push = 1; Array.isArray.x = 1;"),
  give(
    "a constructor of functions",
    "const f = () => 1; return f['constructor'] === undefined;",
    "bool",
  ),
  give("a constructor of arrays", "return []['constructor'] === undefined;", "bool"),
  give("a prototype of an object", "return ({})['__pro' + 'to__'] === undefined;", "bool"),
  run("an eval behind a name", "const n = 'eval'; Math[n]('1');"),
  // Errors.
  run("throwing null", "throw null;"),
  run("throwing an object with a code", "throw { code: 'OUT_OF_GAS' };"),
  run("throwing a failure's copy", "const e = new Error('X'); e.code = 'FAKED'; throw e;"),
  run("rethrowing a genuine failure", "try { fail('MINE'); } catch (e) { throw e; }"),
  give(
    "the engine's words",
    "try { null.x; } catch (e) { return e.message + e.name; } return '';",
    "text",
  ),
  give(
    "the engine's stack",
    "try { null.x; } catch (e) { return '' + e['stack']; } return '';",
    "text",
  ),
  run("a name before its declaration", "x; const x = 1;"),
  run("calling what is no function", "const x = 1; x();"),
  // Values.
  give("returning a function", "return () => 1;", "int"),
  give("returning a number", "return 1;", "int"),
  give("returning a circle", "const a = []; a.push(a); return a;", "list(int, 9)"),
  give("a text that is too long to return", "return 'x'.repeat(9000);", "text"),
  give("half a surrogate pair", "return String.fromCharCode(55357);", "text"),
  run("emitting a circle", "const o = {}; o.o = o; emit('x', o);"),
  run("emitting without end", "for (;;) emit('x', 1n);"),
  run("emitting a Map", "emit('x', new Map());"),
  run("writing without end", "for (let i = 0n; ; i += 1n) m.set(i, i);"),
  run("scanning without end", "for (;;) m.scan();"),
  run("a key that is too long", "t.set('x'.repeat(200), 1n);"),
  run("a key with a zero inside", "t.set(String.fromCharCode(97, 0), 1n);"),
  run("a value that is too long", "v.set('x'.repeat(16384));"),
  run("a type without end", "const o = {}; o.o = o; state.value('z', o).get();"),
  run("paying without money", "pay(ctx.caller, 'XLM', 1n);"),
  run("paying less than nothing", "pay(ctx.caller, 'XLM', -1n);"),
  run("paying nobody", "pay('GNOBODY', 'XLM', 1n);"),
  run("calling itself", "call(ctx.number, 'f', []);"),
  run("calling nobody", "call(999999n, 'f', []);"),
  run("calling the registry", "call(0n, 'put', []);"),
  run("taking what is not there", "take({ operation: 0n });"),
  run("a code of lower case", "fail('nope');"),
  run(
    "sorting with a liar",
    "let n = 0; const a = [5, 3, 9, 1]; a.sort(() => (n++ % 3) - 1); if (a.length !== 4) fail('LOST');",
  ),
  // Work that fails must cost what it costs when it succeeds: the vectors hold the price of one try.
  run("an event that is too long", "try { emit('x', 'é'.repeat(16384)); } catch (e) {}"),
  run(
    "an event with long names",
    "const o = {}; for (let i = 0; i < 9; i++) o['x'.repeat(9000) + i] = 1n; try { emit('x', o); } catch (e) {}",
  ),
  run("hexadecimal that is none", "try { sha256('zz'.repeat(8192)); } catch (e) {}"),
  run("a key that is no hash", "try { h.get('ab'.repeat(8192)); } catch (e) {}"),
  run(
    "a list that does not fit at its end",
    "const a = []; while (a.length < 4000) a.push(1n); a.push(1); try { state.value('l', list(int, 9999)).set(a); } catch (e) {}",
  ),
  run(
    "a record of absent fields",
    "const t = {}; for (let i = 0; i < 500; i++) t['k' + (1000 + i)] = optional(int); state.value('r', list(t, 99)).set([{}, {}, {}]);",
  ),
  run(
    "one of many long names",
    "const n = []; for (let i = 0; i < 50; i++) n.push('x'.repeat(9000) + i); try { state.value('n', oneOf(...n)).set('x'.repeat(9000) + 99); } catch (e) {}",
  ),
  run(
    "an object that is too large to spread",
    "const o = {}; for (let i = 0; i < 2000; i++) o['k' + i] = i; try { ({ ...o }); } catch (e) {}",
  ),
  run("an error of the engine", "try { null.x; } catch (e) {}"),
  run("an error that a finally drops", "for (;;) { try { null.x; } finally { break; } }"),
  run(
    "more events than allowed, caught",
    "for (let i = 0; i < 40; i++) try { emit('x', 1n); } catch (e) {}",
  ),
  // Work that the engine does between two charges.
  run(
    "a loop that copies its variables",
    `for (let i = 0, ${names("v", 500)}, f = () => [${names("v", 500)}]; i < 9; i++) f;`,
  ),
  run(
    "an iterator past deleted keys",
    "const m = new Map(); for (let i = 0; i < 999; i++) m.set(i, i); for (let i = 0; i < 700; i++) m.delete(i); m.keys().next(); const [a] = m;",
  ),
  run(
    "integers of one bucket",
    "const m = new Map(); for (let i = 0n; i < 500n; i += 1n) m.set(i << 64n, i);",
  ),
  run("a wide template", `const x = 'y'; \`${"$".concat("{x}").repeat(3000)}\`;`),
  {
    name: "state kept in a module",
    body: "let n = 0n; export function f() { n += 1n; return n; }",
    returns: "int",
  },
];

/** A whole contract around a script. */
export function contractOf({ body, returns }: Hostile): string {
  const result = returns === undefined ? "" : `, returns: ${returns}`;
  return `import { contract, state, ctx, int, bool, text, hash, list, optional, oneOf, sha256, pay, emit, call, fail, take } from "ace-node/contract";
contract({ name: "hostile", methods: { f: { args: []${result} } } });
const m = state.map("m", int, int);
const t = state.map("t", text, int);
const h = state.map("h", hash, int);
const v = state.value("v", text);
${body}`;
}

function names(prefix: string, count: number): string {
  return Array.from({ length: count }, (_, index) => prefix + index).join(", ");
}

function locals(count: number): string {
  return Array.from({ length: count }, (_, index) => `const l${index} = ${index};`).join(" ");
}
