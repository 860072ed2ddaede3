/**
 * Friendbot: creates accounts with 10,000 XLM, by real transactions of the root account.
 *
 * All who ask within one ledger are served by one transaction, because an account has one
 * transaction a ledger. The answer waits for that ledger.
 *
 * Source  stellar/friendbot: the reply, and status 400 for an account that is there already.
 */
import { Keypair, xdr } from "@stellar/stellar-sdk/base";
import { isAceError } from "../lib/errors.ts";
import { isAccount } from "../lib/strkey.ts";
import type { Devnet } from "./devnet.ts";
import type { DevnetTransaction } from "./devnet-ledger.ts";
import { FUND_ACCOUNTS_MAX } from "./fund.ts";
import type { SubmitAnswer } from "./queue.ts";
import { toBase64 } from "./rpc-answer.ts";

interface FriendbotAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Friendbot {
  fund(address: string): Promise<FriendbotAnswer>;
  /** True while somebody waits for a ledger to close. */
  readonly isAwaited: boolean;
  /** Sends for those who wait; call right before a ledger closes. */
  beforeClose(): void;
  /** Answers those whose ledger this was; call right after. */
  afterClose(): void;
  /** Turns everybody away. */
  stop(): void;
}

interface Wish {
  readonly address: string;
  readonly answer: (answer: FriendbotAnswer) => void;
  ledgersWaited: number;
}

const WISHES_MAX = 1_000;
const LEDGERS_WAITED_MAX = 10;

export function createFriendbot(net: Devnet): Friendbot {
  let wishes: readonly Wish[] = [];
  let sent: { readonly hash: string; readonly wishes: readonly Wish[] } | undefined;

  const answerKnown = (): void => {
    for (const wish of wishes.filter(({ address }) => exists(net, address))) {
      wish.answer(alreadyFunded());
    }
    wishes = wishes.filter(({ address }) => !exists(net, address));
  };

  return {
    fund: (address) => {
      if (!isAccount(address)) return Promise.resolve(badAddress());
      if (exists(net, address)) return Promise.resolve(alreadyFunded());
      if (wishes.length >= WISHES_MAX) return Promise.resolve(busy());
      const { promise, resolve } = Promise.withResolvers<FriendbotAnswer>();
      wishes = [...wishes, { address, answer: resolve, ledgersWaited: 0 }];
      return promise;
    },
    get isAwaited() {
      return wishes.length > 0;
    },
    beforeClose: () => {
      answerKnown();
      const addresses = [...new Set(wishes.map(({ address }) => address))];
      const chosen = new Set(addresses.slice(0, FUND_ACCOUNTS_MAX));
      if (chosen.size === 0) return;
      const answer = send(net, [...chosen]);
      if ("body" in answer) {
        for (const wish of wishes) wish.answer(answer);
        wishes = [];
      }
      if (answer.status !== "PENDING") return;
      sent = { hash: answer.hash, wishes: wishes.filter(({ address }) => chosen.has(address)) };
      wishes = wishes.filter(({ address }) => !chosen.has(address));
    },
    afterClose: () => {
      const transaction = sent === undefined ? undefined : net.transaction(sent.hash);
      if (sent !== undefined && transaction?.ok === true) answerFunded(sent.wishes, transaction);
      // Another transaction may have created one of the accounts: then all ask once more.
      else wishes = [...(sent?.wishes ?? []), ...wishes];
      sent = undefined;
      for (const wish of wishes) wish.ledgersWaited += 1;
      for (const wish of wishes.filter(isTired)) wish.answer(busy());
      wishes = wishes.filter((wish) => !isTired(wish));
    },
    stop: () => {
      for (const wish of [...wishes, ...(sent?.wishes ?? [])]) wish.answer(busy());
      wishes = [];
      sent = undefined;
    },
  };
}

/** A refusal in words when the devnet can fund nobody: waiting would not help. */
function send(net: Devnet, addresses: readonly string[]): SubmitAnswer | FriendbotAnswer {
  try {
    const answer = net.fund(addresses);
    return answer.status === "ERROR" ? refused(answer.errorResultXdr) : answer;
  } catch (error) {
    if (isAceError(error, "DEVNET_LIMIT")) return unavailable(error.message);
    throw error;
  }
}

/** The first who asked for an address gets the account; whoever asked again is told so. */
function answerFunded(wishes: readonly Wish[], transaction: DevnetTransaction): void {
  const served = new Set<string>();
  for (const { address, answer } of wishes) {
    answer(served.has(address) ? alreadyFunded() : funded(transaction));
    served.add(address);
  }
}

function isTired({ ledgersWaited }: Wish): boolean {
  return ledgersWaited >= LEDGERS_WAITED_MAX;
}

function exists(net: Devnet, address: string): boolean {
  const accountId = Keypair.fromPublicKey(address).xdrPublicKey();
  return net.entry(xdr.LedgerKey.account(new xdr.LedgerKeyAccount({ accountId }))) !== undefined;
}

function funded(transaction: DevnetTransaction): FriendbotAnswer {
  return {
    status: 200,
    body: {
      hash: transaction.hash,
      successful: true,
      ledger: transaction.ledger,
      envelope_xdr: toBase64(transaction.envelope),
      result_xdr: toBase64(transaction.result),
      result_meta_xdr: toBase64(transaction.meta),
    },
  };
}

function alreadyFunded(): FriendbotAnswer {
  return problem(
    400,
    "Bad Request",
    "account already funded to starting balance (createAccountAlreadyExist)",
  );
}

function badAddress(): FriendbotAnswer {
  return problem(400, "Bad Request", "invalid address: must be a valid G address");
}

function busy(): FriendbotAnswer {
  return unavailable("friendbot has too much to do; ask again");
}

/** Its signers, its sequence number or its balance were changed. */
function refused(errorResultXdr: string): FriendbotAnswer {
  const { type } = xdr.TransactionResult.fromXdr(errorResultXdr, "base64").result;
  return unavailable(`the root account, which funds others, cannot send: ${type}`);
}

function unavailable(detail: string): FriendbotAnswer {
  return problem(503, "Service Unavailable", detail);
}

function problem(status: number, title: string, detail: string): FriendbotAnswer {
  return { status, body: { type: "about:blank", title, status, detail } };
}
