/**
 * The ABI: the literal in `contract({ … })`, read from the syntax tree and never run.
 *
 * It may name types and constants that the source declares at top level with `const`.
 */
import type { AnyNode, Program } from "acorn";
import { type Abi, type AbiMethod, TYPE_DEPTH_MAX, typeDepth } from "../../contracts/abi.ts";
import { NO_UPGRADE } from "../../contracts/upgrade-policy.ts";
import { compareBytes } from "../../lib/bytes.ts";
import { limits } from "../limits.ts";
import { isMigration, POLICY_HINT, readPolicy } from "./abi-policy.ts";
import { readType, type TypeNames } from "./abi-type.ts";
import { exportedFunctions, kitCall, type Names, namesOf } from "./module-shape.ts";
import type { Refusals } from "./refusal.ts";
import { unwrap } from "./syntax-tree.ts";

const NAME = /^[a-z0-9-]{1,32}$/;
const METHOD = /^[a-zA-Z][a-zA-Z0-9]{0,31}$/;
const INTERFACE = /^[a-z0-9-]{1,24}\/\d{1,3}$/;
const ABI_HINT = "Write `contract({ name, implements, methods: { … } })` with literals.";
const METHODS_MAX = 128;

/** Undefined when something is refused. */
export function abiFromSource(program: Program, refusals: Refusals): Abi | undefined {
  const names = { ...namesOf(program), types: { left: limits.abiTypesMax } };
  const declarations = program.body.flatMap((node) => kitCall(node, "contract", names) ?? []);
  const [declaration, second] = declarations;
  const refuse = (node: AnyNode, message: string, hint = ABI_HINT): undefined =>
    void refusals.refuse("CODE_ABI", node, message, hint);
  if (declaration === undefined) return refuse(program, "there is no `contract({ … })`");
  if (second !== undefined) return refuse(second, "`contract` is called twice");
  const before = refusals.found.length;
  const abi = readAbi(declaration, names, refuse);
  checkExports(program, abi, refusals);
  return refusals.found.length === before ? abi : undefined;
}

type Refuse = (node: AnyNode, message: string, hint?: string) => undefined;

function readAbi(declaration: AnyNode, names: TypeNames, refuse: Refuse): Abi {
  const fields = fieldsOf(declaration, refuse);
  const name = fields.get("name");
  const methods = fields.get("methods");
  for (const [field, node] of fields) {
    if (!["name", "implements", "methods", "upgrade", "storageBytes"].includes(field))
      refuse(node, `"${field}" is unknown`);
  }
  if (name === undefined || methods === undefined)
    refuse(declaration, "name or methods is missing");
  const interfaces = textsOf(fields.get("implements"), INTERFACE, names, refuse);
  if (interfaces.length > limits.interfacesMax) {
    refuse(declaration, `more than ${limits.interfacesMax} interfaces`);
  }
  const upgrade = readPolicy(fields.get("upgrade"), names);
  if (upgrade === undefined) {
    refuse(fields.get("upgrade") ?? declaration, "this is no upgrade policy", POLICY_HINT);
  }
  return {
    name: name === undefined ? "" : textOf(name, NAME, names, refuse),
    implements: interfaces,
    methods: methods === undefined ? new Map() : readMethods(methods, names, refuse),
    upgrade: upgrade ?? NO_UPGRADE,
    storageBytes: storageOf(fields.get("storageBytes"), names, refuse),
  };
}

function storageOf(node: AnyNode | undefined, names: Names, refuse: Refuse): number {
  if (node === undefined) return limits.storageBytesDefault;
  const given = names.constant(node);
  const bytes = given?.type === "Literal" ? given.value : undefined;
  const isInside = typeof bytes === "number" && bytes >= 0 && bytes <= limits.storageBytesMax;
  if (isInside && Number.isInteger(bytes)) return bytes;
  refuse(node, `a whole number of bytes belongs here, ${limits.storageBytesMax} at most`);
  return limits.storageBytesDefault;
}

function readMethods(
  node: AnyNode,
  names: TypeNames,
  refuse: Refuse,
): ReadonlyMap<string, AbiMethod> {
  const fields = [...fieldsOf(node, refuse)];
  if (fields.length > METHODS_MAX) refuse(node, `more than ${METHODS_MAX} methods`);
  const methods = fields.map(([name, method]): [string, AbiMethod] => {
    if (!METHOD.test(name))
      refuse(method, `"${name}" is no name for a method`, "1 to 32 letters and digits.");
    const known = readMethod(method, names, refuse);
    if (name === "migrate" && !isMigration(known)) {
      refuse(
        method,
        "an upgrade calls it with the version before",
        "Write `migrate: { args: [int] }`.",
      );
    }
    return [name, known];
  });
  return new Map(
    methods.toSorted(([left], [right]) => compareBytes(Buffer.from(left), Buffer.from(right))),
  );
}

function readMethod(node: AnyNode, names: TypeNames, refuse: Refuse): AbiMethod {
  const fields = fieldsOf(node, refuse);
  const args = fields.get("args");
  const returns = fields.get("returns");
  if (args === undefined)
    refuse(node, "a method needs `args`", "Write `args: []` when it has none.");
  for (const [field, value] of fields) {
    if (!["args", "returns", "view", "payable"].includes(field))
      refuse(value, `"${field}" is unknown`);
  }
  const method = {
    args:
      args === undefined ? [] : itemsOf(args, refuse).map((item) => typeOf(item, names, refuse)),
    view: fields.has("view") && boolOf(fields.get("view"), refuse),
    payable: payableOf(fields.get("payable"), names, refuse),
  };
  if (method.view && method.payable !== false) refuse(node, "a view takes no payments");
  return returns === undefined ? method : { ...method, returns: typeOf(returns, names, refuse) };
}

function payableOf(node: AnyNode | undefined, names: Names, refuse: Refuse): AbiMethod["payable"] {
  if (node === undefined) return false;
  if (unwrap(node).type !== "ArrayExpression") return boolOf(node, refuse);
  return textsOf(node, /^(XLM|[A-Za-z0-9]{1,12}:G[A-Z2-7]{55})$/, names, refuse);
}

function typeOf(node: AnyNode, names: TypeNames, refuse: Refuse): AbiMethod["args"][number] {
  const type = readType(node, names, TYPE_DEPTH_MAX);
  if (type !== undefined && typeDepth(type) <= TYPE_DEPTH_MAX) return type;
  refuse(
    node,
    "this is not a type",
    "Use int, bool, text, account, asset, hash, bytes, list, record …",
  );
  return { kind: "int" };
}

function checkExports(program: Program, abi: Abi, refusals: Refusals): void {
  const exported = exportedFunctions(program);
  for (const [name, node] of exported) {
    if (abi.methods.has(name)) continue;
    const hint = `Add it to \`methods\`, or do not export it.`;
    refusals.refuse("CODE_EXPORT", node, `"${name}" is exported but not declared`, hint);
  }
  for (const name of abi.methods.keys()) {
    if (exported.has(name)) continue;
    const hint = `Write \`export function ${name}(…)\`.`;
    refusals.refuse("CODE_EXPORT", program, `method "${name}" is declared but not exported`, hint);
  }
}

function fieldsOf(node: AnyNode, refuse: Refuse): ReadonlyMap<string, AnyNode> {
  const inner = unwrap(node);
  const fields = new Map<string, AnyNode>();
  if (inner.type !== "ObjectExpression") {
    refuse(node, "an object literal belongs here");
    return fields;
  }
  for (const property of inner.properties) {
    if (
      property.type === "SpreadElement" ||
      property.computed ||
      property.key.type !== "Identifier"
    ) {
      refuse(property, "only plain fields belong here");
    } else if (fields.has(property.key.name)) refuse(property, "this field is there twice");
    else fields.set(property.key.name, property.value);
  }
  return fields;
}

function itemsOf(node: AnyNode, refuse: Refuse): readonly AnyNode[] {
  const inner = unwrap(node);
  if (inner.type === "ArrayExpression") return inner.elements.filter((item) => item !== null);
  refuse(node, "an array literal belongs here");
  return [];
}

function textsOf(node: AnyNode | undefined, form: RegExp, names: Names, refuse: Refuse): string[] {
  if (node === undefined) return [];
  return itemsOf(node, refuse).map((item) => textOf(item, form, names, refuse));
}

function textOf(node: AnyNode, form: RegExp, names: Names, refuse: Refuse): string {
  const value = names.constant(node);
  const text = value?.type === "Literal" ? value.value : names.kitName(node);
  if (typeof text === "string" && form.test(text)) return text;
  refuse(node, `this does not have the form ${form.source}`);
  return "";
}

function boolOf(node: AnyNode | undefined, refuse: Refuse): boolean {
  const inner = node === undefined ? undefined : unwrap(node);
  if (inner?.type === "Literal" && typeof inner.value === "boolean") return inner.value;
  if (node !== undefined) refuse(node, "true or false belongs here");
  return false;
}
