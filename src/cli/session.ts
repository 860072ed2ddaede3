/** What a command that talks to a network opens: its document, Stellar, the node, and who signs. */
import type { xdr } from "@stellar/stellar-sdk";
import { type Client, type Outcome, openClient } from "../client/client.ts";
import { type NodeClient, openNodeClient } from "../client/http.ts";
import { openStellar, type Stellar } from "../client/stellar.ts";
import type { ServiceNetwork } from "../contracts/service-network.ts";
import { readServiceNetwork } from "../node/files.ts";
import { confirm } from "./confirm.ts";
import type { Context } from "./context.ts";
import { type Identity, identity } from "./identity.ts";
import { refusalOf } from "./refusal.ts";

export interface Session {
  readonly network: ServiceNetwork;
  readonly stellar: Stellar;
  readonly node: NodeClient;
  readonly client: Client;
}

export function openSession(context: Context): Session {
  const { settings, signal } = context;
  const network = readServiceNetwork(settings.network);
  const { passphrase } = network;
  const stellar = openStellar({ rpcUrl: settings.rpcUrl, passphrase, signal });
  const node = openNodeClient(settings.nodeUrl, signal);
  return { network, stellar, node, client: openClient({ stellar, node, signal }) };
}

export interface SignedCall extends Outcome {
  readonly account: string;
}

interface SendOptions {
  /** The person has agreed to this call already, as part of a larger step. */
  readonly isAgreed?: boolean;
  /** How things stand when the contract refuses; "nothing was sent" unless said otherwise. */
  readonly unless?: string;
}

const WAITING = "sending, and waiting for the ledger to close";

/**
 * Simulates, shows what would happen, asks, signs, sends, and waits for the receipt.
 *
 * @param effect Lines that tell a person what changes, most important first.
 */
export async function sendCall(
  context: Context,
  session: Session,
  operations: readonly xdr.Operation[],
  effect: readonly string[],
  { isAgreed = false, unless }: SendOptions = {},
): Promise<SignedCall> {
  const signer = await identity(context);
  const { receipts } = await session.client.simulate(signer.account, operations);
  const failing = receipts.find((receipt) => !receipt.ok);
  if (failing !== undefined) throw refusalOf(failing, unless);
  const gas = receipts.reduce((sum, receipt) => sum + BigInt(receipt.gasUsed), 0n);
  const lines = [...effect, ...costLines(signer, operations.length, gas)];
  if (isAgreed) for (const line of lines) context.output.note(line);
  else await confirm(context, lines);
  const waiting = isAgreed ? undefined : context.output.progress(WAITING);
  const outcome = await session.client.call(signer, operations);
  waiting?.done();
  context.output.note(`sent ${outcome.hash}, in ledger ${outcome.ledger}`);
  return { ...outcome, account: signer.account };
}

/** For transactions that no contract reads: nothing to simulate, no receipt to wait for. */
export async function sendPlain(
  context: Context,
  session: Pick<Session, "client">,
  operations: readonly xdr.Operation[],
  effect: readonly string[],
): Promise<{ readonly account: string; readonly hash: string; readonly ledger: number }> {
  const signer = await identity(context);
  await confirm(context, [...effect, ...costLines(signer, operations.length)]);
  const waiting = context.output.progress(WAITING);
  const { hash, ledger } = await session.client.send(signer, operations);
  waiting.done();
  context.output.note(`sent ${hash}, in ledger ${ledger}`);
  return { account: signer.account, hash, ledger };
}

function costLines(signer: Identity, operations: number, gas?: bigint): readonly string[] {
  const size = `${operations} operation${operations === 1 ? "" : "s"}`;
  const work = gas === undefined ? "" : `, ${gas} gas`;
  return [`from ${signer.account}, ${size}${work}`];
}
