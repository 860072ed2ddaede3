/**
 * `ace contract inspect`: a contract on the ledger, or one in a file: what it offers, who may change it,
 * what it holds, and what its methods use.
 */
import { buildContract } from "../authoring/build-contract.ts";
import type { NodeClient } from "../client/http.ts";
import type { GasJson } from "../client/schemas.ts";
import type { Abi, AbiMethod } from "../contracts/abi.ts";
import { policyText } from "../contracts/upgrade-policy.ts";
import { formatAmount } from "../lib/money.ts";
import type { Context } from "./context.ts";
import { type ContractInfo, contractInfo, signatureOf } from "./contract-info.ts";
import { liveProposals } from "./dao-upgrade.ts";
import { openSession } from "./session.ts";
import { timeText, upgradeLines } from "./upgrade-words.ts";

const NUMBER = /^\d+$/;
const RESERVED: ReadonlySet<string> = new Set(["setup", "migrate"]);

export async function inspectContract(context: Context, subject: string): Promise<unknown> {
  if (!NUMBER.test(subject)) return inspectFile(context, subject);
  const { node } = openSession(context);
  const contract = await contractInfo(node, subject);
  const gas = await gasByMethod(node, contract);
  const votes = contract.upgrade.policy === "dao" ? await liveProposals({ node }, contract.id) : [];
  const { output } = context;
  output.table([
    ["contract", `${contract.number} "${contract.name}"`],
    ["owner", contract.owner],
    ["pay to", contract.address],
    ["holds", heldText(contract)],
    ["state", storageText(contract)],
    ["code", `${contract.codeHash}, ${contract.sourceBytes} bytes`],
    ["version", versionText(contract)],
    ["implements", contract.implements.join(", ")],
  ]);
  for (const line of upgradeLines(contract)) output.line(line, "warn");
  for (const { id, state } of votes) {
    output.line(`proposal ${id} would change its code, ${state}: ace dao show ${id}`, "warn");
  }
  output.table(methodRows(contract.types, gas), ["gas", "method"]);
  if (gas.some(({ how }) => how === "called")) {
    output.note("gas: the median of the last calls, or for a view what it uses now");
  }
  const { abi: _, id: __, types: ___, ...json } = contract;
  return { ...json, gas, proposals: votes.map(({ id }) => id) };
}

function inspectFile({ output }: Context, file: string): unknown {
  const { abi, codeHash, source, files } = buildContract(file);
  const bytes = Buffer.byteLength(source);
  const upgrade = policyText(abi.upgrade);
  output.table([
    ["contract", `"${abi.name}", in a file`],
    ["code", `${codeHash}, ${bytes} bytes`],
    ["source", files.join(", ")],
    ["implements", abi.implements.join(", ")],
    ["upgrade", upgrade],
  ]);
  for (const [name, method] of abi.methods) output.line(`  ${methodText(name, method)}`);
  const methods = [...abi.methods].map(([name, method]) => signatureOf(name, method));
  return { name: abi.name, codeHash, bytes, files, implements: abi.implements, upgrade, methods };
}

interface MethodGas {
  readonly method: string;
  readonly how: "called" | "asked";
  readonly gas: string;
  readonly calls?: number;
}

/** Of calls that were made, and of views that can be asked without arguments. */
async function gasByMethod(
  node: NodeClient,
  contract: ContractInfo,
): Promise<readonly MethodGas[]> {
  const { methods }: GasJson = await node.gas(contract.id);
  const called = methods.map(
    ({ method, median, calls }): MethodGas => ({ method, how: "called", gas: median, calls }),
  );
  const asked: MethodGas[] = [];
  for (const [method, { args, view }] of contract.types.methods) {
    if (!view || args.length > 0) continue;
    const { gasUsed } = await node.view(contract.id, method, []);
    asked.push({ method, how: "asked", gas: gasUsed });
  }
  return [...called, ...asked];
}

function methodRows(
  { methods }: Abi,
  gas: readonly MethodGas[],
): readonly (readonly (string | undefined)[])[] {
  return [...methods].map(([name, method]) => {
    const used = gas.find((one) => one.method === name)?.gas;
    return [used, methodText(name, method)];
  });
}

function methodText(name: string, method: AbiMethod): string {
  const signature = signatureOf(name, method);
  return RESERVED.has(name) ? `${signature}   ${once(name)}` : signature;
}

function once(name: string): string {
  return name === "setup" ? "at deployment" : "at a change of code";
}

function heldText({ balances }: ContractInfo): string {
  const held = balances.map(({ asset, amount }) => `${formatAmount(BigInt(amount))} ${asset}`);
  return held.length === 0 ? "nothing" : held.join(", ");
}

function storageText({ storage: { bytes, bytesMax } }: ContractInfo): string {
  return bytesMax === undefined ? `${bytes} bytes` : `${bytes} of ${bytesMax} bytes`;
}

function versionText({ version, former }: ContractInfo): string {
  const last = former.at(-1);
  return last === undefined
    ? `${version}, as deployed`
    : `${version}, since ledger ${last.untilLedger} (${timeText(last.until)})`;
}
