/**
 * Generates `src/ledger/skip-reader.gen.ts` from the Stellar SDK's own XDR schemas.
 *
 * One function for each type that the roots reach: it walks over a value without building it and
 * answers where the value ends. What the SDK's decoder refuses is refused: unknown discriminants and
 * enum values, lengths over their bound, flags other than 0 and 1, padding other than zero, and more
 * nesting than allowed. Runs of plain numbers and fixed bytes become one addition.
 *
 * Source  @stellar/js-xdr 5: `kind`, `entries`, `cases` and the like of its schema objects. They are
 *         not versioned, so the SDK is pinned and a change of the output is to be read.
 */
import { xdr } from "@stellar/stellar-sdk/base";
import { invariant } from "../src/lib/invariant.ts";
import { preamble } from "./skip-reader-preamble.ts";

/** What js-xdr says about a schema; which fields there are depends on `kind`. */
interface Schema {
  readonly kind: string;
  readonly name?: string | undefined;
  readonly length?: number;
  readonly maxLength?: number;
  readonly element?: Schema;
  readonly entries?: readonly (readonly [string, Schema])[];
  readonly nameByValue?: ReadonlyMap<number, string>;
  readonly switchOn?: Schema;
  readonly cases?: readonly { readonly discriminant: unknown; readonly arm: Schema }[];
  readonly defaultArm?: Schema | undefined;
  readonly schema?: Schema;
  readonly getSchema?: () => Schema;
}

/** Exported as `skip<Name>`. */
const roots: readonly Schema[] = [
  xdr.ExtensionPoint.schema,
  xdr.FeeBumpTransaction.schema,
  xdr.LedgerCloseMeta.schema,
  xdr.LedgerCloseMetaBatch.schema,
  xdr.LedgerCloseMetaExt.schema,
  xdr.LedgerHeader.schema,
  xdr.LedgerHeaderHistoryEntry.schema,
  xdr.LedgerHeaderHistoryEntryExt.schema,
  xdr.ScpEnvelope.schema,
  xdr.ScpHistoryEntry.schema,
  xdr.ScpQuorumSet.schema,
  xdr.ScpStatement.schema,
  xdr.StellarValue.schema,
  xdr.Transaction.schema,
  xdr.TransactionEnvelope.schema,
  xdr.TransactionHistoryEntry.schema,
  xdr.TransactionHistoryResultEntry.schema,
  xdr.TransactionHistoryResultEntryExt.schema,
  xdr.TransactionResultPair.schema,
  xdr.TransactionV0.schema,
];

/** Exported as `skip<Name>From<Field>`: what is left of a struct, from one field on. */
const rests: readonly (readonly [Schema, string])[] = [
  [xdr.LedgerCloseMetaV0.schema, "upgradesProcessing"],
  [xdr.LedgerCloseMetaV1.schema, "upgradesProcessing"],
  [xdr.LedgerCloseMetaV2.schema, "upgradesProcessing"],
  [xdr.TransactionResultMeta.schema, "feeProcessing"],
  [xdr.TransactionResultMetaV1.schema, "feeProcessing"],
];

const UNBOUNDED = 0xff_ff_ff_ff;
const WORD_BYTES = 4;
const LONG_BYTES = 8;

/** The whole text of the generated file. */
export function skipReaderSource(): string {
  const printer = new Printer();
  const whole = roots.map((schema) => printer.root(`skip${nameOf(schema)}`, schema));
  const parts = rests.map(([schema, from]) => printer.rest(schema, from));
  return `${[preamble, ...whole, ...parts, ...printer.functions()].join("\n\n")}\n`;
}

/** One step of code: `o` is where the reader stands, `v` what it reads, `d` how deep it is. */
type Lines = readonly string[];

class Printer {
  readonly #bodies = new Map<Schema, string>();
  readonly #nesting = new Nesting();

  root(name: string, schema: Schema): string {
    return exported(name, this.#step(schema, 0));
  }

  rest(schema: Schema, from: string): string {
    const entries = entriesOf(schema);
    const start = entries.findIndex(([field]) => field === from);
    invariant(start >= 0, `${nameOf(schema)} has a field ${from}`);
    const fields = entries.slice(start).map(([, field]) => field);
    const name = `skip${nameOf(schema)}From${from.charAt(0).toUpperCase()}${from.slice(1)}`;
    return exported(name, this.#sequence(fields, 1));
  }

  functions(): readonly string[] {
    return [...this.#bodies.values()].sort();
  }

  /** Code that steps over one value. `levels` is how much deeper than `d` it lies. */
  #step(given: Schema, levels: number): Lines {
    const lazyLevels = given.kind === "lazy" ? 1 : 0;
    const schema = resolve(given);
    const size = fixedSize(schema);
    if (size !== undefined) return size === 0 ? [] : [`o += ${size};`];
    switch (schema.kind) {
      case "bool":
        return ["flag(v, o);", `o += ${WORD_BYTES};`];
      case "enum":
        return [...checkEnum(schema), `o += ${WORD_BYTES};`];
      case "string":
      case "varOpaque":
        return [`o = bytes(v, o, ${schema.maxLength ?? UNBOUNDED});`];
      case "option":
        return this.#option(elementOf(schema), levels + lazyLevels + 1);
      case "array":
        return this.#array(schema, levels + lazyLevels + 1);
      case "fixedArray":
        return loop(String(schema.length), this.#step(elementOf(schema), levels + 1));
      default:
        return [this.#call(schema, levels + lazyLevels)];
    }
  }

  #option(element: Schema, levels: number): Lines {
    const present = this.#step(element, levels);
    return ["if (flag(v, o) === 0) o += 4;", "else {", "  o += 4;", ...indent(present), "}"];
  }

  #array(schema: Schema, levels: number): Lines {
    const max = schema.maxLength ?? UNBOUNDED;
    const size = fixedSize(elementOf(schema));
    if (size !== undefined) return [`o = items(v, o, ${max}, ${size});`];
    const count = `count(v, o, ${max})`;
    const each = this.#step(elementOf(schema), levels);
    return [`for (let n = ${count}, i = (o += 4, 0); i < n; i += 1) {`, ...indent(each), "}"];
  }

  #call(schema: Schema, levels: number): string {
    const name = functionName(schema);
    if (!this.#bodies.has(schema)) {
      this.#bodies.set(schema, "");
      this.#bodies.set(schema, this.#function(name, schema));
    }
    if (!this.#nesting.isDeep(schema)) return `o = ${name}(v, o);`;
    return `o = ${name}(v, o, ${levels === 0 ? "d" : `d + ${levels}`});`;
  }

  #function(name: string, schema: Schema): string {
    const isDeep = this.#nesting.isDeep(schema);
    const parameters = `v: DataView, o: number${isDeep ? ", d: number" : ""}`;
    const guard = this.#nesting.isRecursive(schema) ? ["if (d >= DEPTH_MAX) tooDeep(o);"] : [];
    const body = schema.kind === "union" ? this.#union(schema) : this.#struct(schema);
    const lines = indent([...guard, ...body]);
    return [`function ${name}(${parameters}): number {`, ...lines, "}"].join("\n");
  }

  #struct(schema: Schema): Lines {
    const fields = entriesOf(schema).map(([, field]) => field);
    return [...this.#sequence(fields, 1), "return o;"];
  }

  #sequence(fields: readonly Schema[], levels: number): Lines {
    const lines: string[] = [];
    let plainBytes = 0;
    for (const field of fields) {
      const size = fixedSize(field);
      if (size !== undefined) {
        plainBytes += size;
        continue;
      }
      if (plainBytes > 0) lines.push(`o += ${plainBytes};`);
      plainBytes = 0;
      lines.push(...this.#step(field, levels));
    }
    return plainBytes > 0 ? [...lines, `o += ${plainBytes};`] : lines;
  }

  #union(schema: Schema): Lines {
    const { switchOn, cases = [], defaultArm } = schema;
    invariant(switchOn !== undefined, "a union switches on something");
    const byBody = Map.groupBy(cases, ({ arm }) => this.#arm(arm).join("\n"));
    const name = JSON.stringify(nameOf(schema));
    const rest = defaultArm === undefined ? [`unknown(v, o, ${name});`] : this.#arm(defaultArm);
    // A default arm takes what the enum holds, not every number.
    const guard = defaultArm !== undefined && switchOn.kind === "enum" ? checkEnum(switchOn) : [];
    const arms = [...byBody].flatMap(([body, alike]) => [
      ...alike.map(({ discriminant }) => `case ${Number(discriminant)}:`),
      ...indent(body.split("\n")),
    ]);
    return [
      ...guard,
      "switch (v.getInt32(o)) {",
      ...indent(arms),
      "  default:",
      ...indent(indent(rest)),
      "}",
    ].concat(defaultArm === undefined ? ["return o;"] : []);
  }

  #arm(arm: Schema): Lines {
    return [`o += ${WORD_BYTES};`, ...this.#step(arm.schema ?? arm, 1), "return o;"];
  }
}

/** Which types can hold themselves, and which can hold one that does. */
class Nesting {
  readonly #recursive = new Map<Schema, boolean>();
  readonly #deep = new Map<Schema, boolean>();

  isRecursive(schema: Schema): boolean {
    return remember(this.#recursive, schema, () => reachable(schema).has(schema));
  }

  isDeep(schema: Schema): boolean {
    return remember(this.#deep, schema, () =>
      [schema, ...reachable(schema)].some((part) => this.isRecursive(part)),
    );
  }
}

function remember(memory: Map<Schema, boolean>, key: Schema, find: () => boolean): boolean {
  const known = memory.get(key);
  if (known !== undefined) return known;
  const found = find();
  memory.set(key, found);
  return found;
}

function reachable(from: Schema): ReadonlySet<Schema> {
  const found = new Set<Schema>();
  const waiting = [...partsOf(from)];
  for (let part = waiting.pop(); part !== undefined; part = waiting.pop()) {
    if (found.has(part)) continue;
    found.add(part);
    waiting.push(...partsOf(part));
  }
  return found;
}

function partsOf(schema: Schema): readonly Schema[] {
  const { element, entries = [], cases = [], defaultArm } = schema;
  const arms = [...cases.map(({ arm }) => arm), ...(defaultArm === undefined ? [] : [defaultArm])];
  const parts = [
    ...(element === undefined ? [] : [element]),
    ...entries.map(([, field]) => field),
    ...arms.map((arm) => arm.schema ?? arm),
  ];
  return parts.map(resolve);
}

function resolve(schema: Schema): Schema {
  return schema.getSchema === undefined ? schema : resolve(schema.getSchema());
}

const sizes = new Map<Schema, number | undefined>();

/** Bytes of a value that is never refused and always of one size; undefined for any other. */
function fixedSize(given: Schema): number | undefined {
  const schema = resolve(given);
  if (!sizes.has(schema)) {
    sizes.set(schema, undefined);
    sizes.set(schema, measure(schema));
  }
  return sizes.get(schema);
}

function measure(schema: Schema): number | undefined {
  switch (schema.kind) {
    case "void":
      return 0;
    case "int32":
    case "uint32":
      return WORD_BYTES;
    case "int64":
    case "uint64":
      return LONG_BYTES;
    case "opaque":
      invariant((schema.length ?? 0) % WORD_BYTES === 0, "no fixed bytes of Stellar are padded");
      return schema.length;
    case "fixedArray": {
      const size = fixedSize(elementOf(schema));
      return size === undefined ? undefined : size * (schema.length ?? 0);
    }
    case "struct":
      return entriesOf(schema)
        .map(([, field]) => fixedSize(field))
        .reduce(
          (sum, size) => (sum === undefined || size === undefined ? undefined : sum + size),
          0,
        );
    default:
      return undefined;
  }
}

function checkEnum(schema: Schema): Lines {
  const values = [...(schema.nameByValue?.keys() ?? [])].sort((left, right) => left - right);
  const [first = 0] = values;
  const last = values.at(-1) ?? 0;
  const name = JSON.stringify(nameOf(schema));
  const isRun = values.every((value, index) => value === first + index);
  invariant(isRun, `the values of ${name} follow one another`);
  return [`range(v, o, ${first}, ${last}, ${name});`];
}

function exported(name: string, lines: Lines): string {
  const needsDepth = lines.some((line) => /\bd\b/.test(line));
  return [
    `export function ${name}(v: DataView, offset: number): number {`,
    ...(needsDepth ? ["  const d = 0;"] : []),
    "  let o = offset;",
    ...indent(lines),
    "  return within(v, o);",
    "}",
  ].join("\n");
}

function loop(count: string, each: Lines): Lines {
  return [`for (let i = 0; i < ${count}; i += 1) {`, ...indent(each), "}"];
}

function indent(lines: Lines): Lines {
  return lines.map((line) => `  ${line}`);
}

function elementOf(schema: Schema): Schema {
  invariant(schema.element !== undefined, `a schema of kind ${schema.kind} has elements`);
  return schema.element;
}

function entriesOf(schema: Schema): readonly (readonly [string, Schema])[] {
  invariant(schema.entries !== undefined, `a schema of kind ${schema.kind} has fields`);
  return schema.entries;
}

function nameOf(schema: Schema): string {
  invariant(schema.name !== undefined, `a schema of kind ${schema.kind} has a name`);
  return schema.name;
}

function functionName(schema: Schema): string {
  const name = nameOf(schema);
  return `over${name}`;
}
