/**
 * Deployment: the code goes to the ledger in pieces, then one call runs `setup` with the arguments.
 */
import type { xdr } from "@stellar/stellar-sdk";
import { buildContract } from "../authoring/build-contract.ts";
import type { ReceiptJson } from "../client/schemas.ts";
import { policyText } from "../contracts/upgrade-policy.ts";
import { AceError } from "../lib/errors.ts";
import { muxedAddress } from "../lib/strkey.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { readArguments } from "./contract-info.ts";
import { identityAccount } from "./identity.ts";
import { costLines, planUpload, upload } from "./publish-code.ts";
import { refusalOf } from "./refusal.ts";
import { deployCall } from "./registry-calls.ts";
import { openSession, type Session, sendCall } from "./session.ts";

export async function deployContract(
  context: Context,
  file: string,
  words: readonly string[],
): Promise<unknown> {
  const session = openSession(context);
  const built = buildContract(file);
  const { abi, codeHash } = built;
  const setup = abi.methods.get("setup");
  if (setup === undefined && words.length > 0) {
    throw new AceError("ARGUMENT_INVALID", `${abi.name} has no setup and takes no arguments`);
  }
  const args = setup === undefined ? [] : readArguments("setup", setup, words);
  const account = await identityAccount(context);
  const policy = policyText(abi.upgrade);
  const effect = [`deploy ${abi.name}, code ${codeHash}`, `its code can be changed: ${policy}`];
  const call = deployCall(codeHash, args);
  await demandSetup(session, account, call);
  const plan = await planUpload(session.node, account, built);
  await confirm(context, [
    ...effect,
    ...costLines(plan, call.length),
    `from ${account}, who becomes its owner`,
  ]);
  const transactions = await upload(context, session, plan);
  const sent = await sendCall(context, session, call, effect, {
    isAgreed: true,
    unless: "its code is on the ledger, but no contract was made",
  });
  const number = numberOf(sent.receipts);
  const address = muxedAddress(session.network.vault, number);
  const { output } = context;
  output.line(`contract ${number} "${abi.name}" is deployed`, "good");
  output.table([
    ["pay to", address],
    ["code", codeHash],
    ["upgrade", policy],
  ]);
  output.note(`anyone can check it: ace contract verify ${number} --source ${file}`);
  const { hash, ledger } = sent;
  const upgrade = abi.upgrade;
  return { number, address, name: abi.name, codeHash, upgrade, hash, ledger, transactions };
}

/** Tried before anything is sent: a setup that refuses known code costs nothing. */
async function demandSetup(
  { client }: Session,
  account: string,
  operations: readonly xdr.Operation[],
): Promise<void> {
  const [receipt] = (await client.simulate(account, operations)).receipts;
  const isUnknown = receipt === undefined || receipt.code === "CODE_INCOMPLETE";
  if (!isUnknown && !receipt.ok) throw refusalOf(receipt);
}

function numberOf([receipt]: readonly ReceiptJson[]): bigint {
  const { result } = receipt ?? {};
  if (typeof result === "string" && /^\d+$/.test(result)) return BigInt(result);
  throw new AceError("INTERNAL", "the registry did not answer with a contract number");
}
