/** What the contract process demands of its surroundings before it loads anything native. */
import { createRequire } from "node:module";

/** isolated-vm up to 7.0.0 lets a guest escape (GHSA-864f-rcv7-6rh4). */
const ISOLATED_VM_MIN = [7, 0, 1] as const;
/** Outcomes were checked under this engine; another may differ. */
const V8_MAJOR = 14;
const NODE_MAJOR = 26;

/** What is wrong with the surroundings, or empty text. */
export function surroundingsFault(): string {
  return versionFault() || fenceFault();
}

/** A process that could write, connect or spawn must not run contracts. */
function fenceFault(): string {
  const { permission } = process;
  if (permission === undefined) return "the permission model is off";
  const open = ["fs.write", "child", "net"].filter((scope) => permission.has(scope));
  if (open.length > 0) return `the fence is open: ${open.join(", ")}`;
  const names = Object.keys(process.env);
  return names.length === 0 ? "" : "the environment is not empty";
}

function versionFault(): string {
  const [node] = numbers(process.versions.node);
  const [v8] = numbers(process.versions.v8);
  if (node !== NODE_MAJOR || v8 !== V8_MAJOR) {
    return `Node ${process.versions.node} with V8 ${process.versions.v8} runs here; contracts need Node ${NODE_MAJOR} with V8 ${V8_MAJOR}`;
  }
  const required: unknown = createRequire(import.meta.url)("isolated-vm/package.json");
  const version = versionOf(required);
  return isAtLeast(numbers(version), ISOLATED_VM_MIN)
    ? ""
    : `isolated-vm ${version} is installed; at least ${ISOLATED_VM_MIN.join(".")} is needed`;
}

function versionOf(document: unknown): string {
  if (typeof document !== "object" || document === null || !("version" in document)) return "";
  return typeof document.version === "string" ? document.version : "";
}

function numbers(version: string): readonly number[] {
  return version.split(".").map(Number);
}

function isAtLeast(found: readonly number[], wanted: readonly number[]): boolean {
  for (const [index, part] of wanted.entries()) {
    const have = found[index] ?? -1;
    if (have !== part) return have > part;
  }
  return true;
}
