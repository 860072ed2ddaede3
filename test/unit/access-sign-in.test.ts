// Goal: a sign-in proves control of an account, once, and ties it to one device.
// Method: real transactions and signatures; only the clock, the signers of the account and the store
//         of used challenges stand in for what the node joins later.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  Account,
  Asset,
  BASE_FEE,
  Keypair,
  Memo,
  Networks,
  Operation,
  Transaction,
  TransactionBuilder,
  WebAuth,
} from "@stellar/stellar-sdk";
import { expect, it } from "vitest";
import type { AccountSigners } from "../../src/access/challenge-signers.ts";
import { loadDeviceKey, proveRegistration } from "../../src/access/device-key.ts";
import type { StellarSigner } from "../../src/access/sep10.ts";
import { signChallenge } from "../../src/access/sep10-client.ts";
import { SignIn, type SignInOptions } from "../../src/access/sign-in.ts";
import type { ErrorCode } from "../../src/lib/errors.ts";
import { muxedAddress } from "../../src/lib/strkey.ts";
import { openOutbox } from "../../src/store/outbox.ts";

const START_S = 1_900_000_000;
const networkId = "ab".repeat(32);
const homeDomain = "club";
const webAuthDomain = "127.0.0.1:7070";
const never = new AbortController().signal;
const device = loadDeviceKey("07".repeat(32));
const server = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(1));
const viewer = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(2));
const friend = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(3));
const stranger = Keypair.fromRawEd25519Seed(new Uint8Array(32).fill(4));

const signer = (key: Keypair): StellarSigner => ({
  account: key.publicKey(),
  sign: (hash) => key.sign(hash),
});
const own = (key: Keypair): AccountSigners => ({
  exists: true,
  signers: [{ key: key.publicKey(), weight: 1 }],
  mediumThreshold: 0,
});

function open(found: AccountSigners = own(viewer), options: Partial<SignInOptions> = {}) {
  const clock = { nowS: START_S, nowMs: (): number => clock.nowS * 1_000 };
  const used = new Map<string, number>();
  const signIn = new SignIn({
    server: signer(server),
    passphrase: Networks.TESTNET,
    networkId,
    homeDomain,
    webAuthDomain,
    signers: { of: async () => found },
    consumed: {
      consume: (hash, forgetAtS) => {
        if (used.has(hash)) return false;
        used.set(hash, forgetAtS);
        return true;
      },
    },
    clock,
    ...options,
  });
  const challenge = (account = viewer.publicKey()): string =>
    signIn.createChallenge({ account }).transaction;
  const post = async (transaction: string, key = device, account = viewer.publicKey()) => {
    const challengeHash = hashOf(transaction);
    const proof = proveRegistration(key, { networkId, account, challengeHash });
    return await signIn.verifyChallenge(
      transaction,
      { key: device.publicKey.toHex(), proof },
      never,
    );
  };
  return { signIn, clock, used, challenge, post };
}

const read = (transaction: string): Transaction => new Transaction(transaction, Networks.TESTNET);
const hashOf = (transaction: string): string =>
  Buffer.from(read(transaction).hash()).toString("hex");

function signed(transaction: string, ...keys: readonly Keypair[]): string {
  const parsed = read(transaction);
  parsed.sign(...keys);
  return parsed.toXdr();
}

/** A transaction that the server itself signed, whatever it says. */
function issued(
  build: (builder: TransactionBuilder) => TransactionBuilder,
  { sequence = "-1", lifeS = 300, source = server.publicKey() } = {},
): string {
  const builder = new TransactionBuilder(new Account(source, sequence), {
    fee: BASE_FEE,
    networkPassphrase: Networks.TESTNET,
    timebounds: { minTime: START_S, maxTime: lifeS && START_S + lifeS },
  });
  const transaction = build(builder).build();
  transaction.sign(server, viewer);
  return transaction.toXdr();
}
const home = (name = `${homeDomain} auth`, source = viewer.publicKey()) =>
  Operation.manageData({ name, value: Buffer.alloc(48, 7).toString("base64"), source });
const auth = (value = webAuthDomain, source = server.publicKey()) =>
  Operation.manageData({ name: "web_auth_domain", value, source });

const refused = (code: ErrorCode) => expect.objectContaining({ code });

it("signs in the account that signs its challenge, bound to the device that proves itself", async () => {
  const { challenge, post } = open();
  expect(await post(signed(challenge(), viewer))).toEqual({
    account: viewer.publicKey(),
    deviceKey: device.publicKey.toHex(),
  });
});

it("issues and reads challenges that the SDK reads and issues", async () => {
  const nowS = Math.floor(Date.now() / 1_000);
  const { challenge, post, clock } = open();
  clock.nowS = nowS;
  const terms = [server.publicKey(), Networks.TESTNET] as const;
  const read = WebAuth.readChallengeTx(challenge(), ...terms, homeDomain, webAuthDomain);
  expect(read.clientAccountID).toBe(viewer.publicKey());

  const theirs = WebAuth.buildChallengeTx(
    server,
    viewer.publicKey(),
    homeDomain,
    300,
    Networks.TESTNET,
    webAuthDomain,
  );
  expect((await post(signed(theirs, viewer))).account).toBe(viewer.publicKey());
});

it("refuses a challenge the second time, whoever signs it then, and opens one session of many", async () => {
  const { challenge, post, used } = open();
  const transaction = signed(challenge(), viewer);
  const outcomes = await Promise.allSettled(Array.from({ length: 100 }, () => post(transaction)));
  expect(outcomes.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  await expect(post(transaction)).rejects.toEqual(refused("CHALLENGE_USED"));
  expect([...used.values()]).toEqual([START_S + 300 + 330]);
});

it("remembers a used challenge over a restart of the node", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ace-sign-in-"));
  const transaction = signed(open().challenge(), viewer);
  for (const isFirst of [true, false, false]) {
    using outbox = openOutbox(dir);
    const { post } = open(own(viewer), { consumed: outbox });
    if (isFirst) await post(transaction);
    else await expect(post(transaction)).rejects.toEqual(refused("CHALLENGE_USED"));
  }
  rmSync(dir, { recursive: true });
});

it("does not use up a challenge that it refuses", async () => {
  const { challenge, post, used } = open();
  const transaction = challenge();
  await expect(post(transaction)).rejects.toEqual(refused("SIGNERS_INSUFFICIENT"));
  await expect(post(signed(transaction, viewer), loadDeviceKey("08".repeat(32)))).rejects.toEqual(
    refused("PROOF_INVALID"),
  );
  expect(used.size).toBe(0);
  await post(signed(transaction, viewer));
});

it("accepts a challenge until 30 s after its end and not a second longer", async () => {
  const { challenge, post, clock } = open();
  const [first, second] = [signed(challenge(), viewer), signed(challenge(), viewer)];
  clock.nowS = START_S + 330;
  await post(first);
  for (const late of [331, 332, 600, 100_000]) {
    clock.nowS = START_S + late;
    await expect(post(second)).rejects.toEqual(refused("CHALLENGE_EXPIRED"));
  }
  clock.nowS = START_S - 31;
  await expect(post(second)).rejects.toEqual(refused("CHALLENGE_EXPIRED"));
});

it("voids every challenge issued up to an unclean start", async () => {
  const { challenge, post } = open(own(viewer), { uncleanStartAtS: START_S });
  await expect(post(signed(challenge(), viewer))).rejects.toEqual(refused("CHALLENGE_INVALID"));
  const later = open(own(viewer), { uncleanStartAtS: START_S });
  later.clock.nowS = START_S + 1;
  await later.post(signed(later.challenge(), viewer));
});

it("takes challenges of the key before a rotation for one challenge life", async () => {
  const transaction = signed(open().challenge(), viewer);
  const rotated = { previousServer: { account: server.publicKey(), rotatedAtS: START_S } };
  const next = open(own(viewer), { server: signer(friend), ...rotated });
  next.clock.nowS = START_S + 300;
  await next.post(transaction);
  next.clock.nowS = START_S + 301;
  await expect(next.post(transaction)).rejects.toEqual(refused("CHALLENGE_INVALID"));
});

it.each<[string, () => string]>([
  [
    "another server's",
    () => signed(open(own(viewer), { server: signer(stranger) }).challenge(), viewer),
  ],
  [
    "another network's",
    () => signed(open(own(viewer), { passphrase: Networks.PUBLIC }).challenge(), viewer),
  ],
  [
    "another home domain's",
    () => signed(open(own(viewer), { homeDomain: "evil" }).challenge(), viewer),
  ],
  [
    "another auth domain's",
    () => signed(open(own(viewer), { webAuthDomain: "evil" }).challenge(), viewer),
  ],
  [
    "one with sequence 1",
    () => issued((b) => b.addOperation(home()).addOperation(auth()), { sequence: "0" }),
  ],
  [
    "one with a memo",
    () => issued((b) => b.addOperation(home()).addOperation(auth()).addMemo(Memo.id("1"))),
  ],
  [
    "one with ledger bounds",
    () => issued((b) => b.addOperation(home()).addOperation(auth()).setLedgerbounds(0, 9)),
  ],
  ["one without the auth domain", () => issued((b) => b.addOperation(home()))],
  [
    "one whose auth domain is the viewer's",
    () =>
      issued((b) => b.addOperation(home()).addOperation(auth(webAuthDomain, viewer.publicKey()))),
  ],
  [
    "one of the viewer's own",
    () =>
      issued((b) => b.addOperation(home()).addOperation(auth()), { source: viewer.publicKey() }),
  ],
  [
    "one of another life",
    () => issued((b) => b.addOperation(home()).addOperation(auth()), { lifeS: 301 }),
  ],
  [
    "one without an end",
    () => issued((b) => b.addOperation(home()).addOperation(auth()), { lifeS: 0 }),
  ],
  [
    "one with a client domain",
    () =>
      issued((b) =>
        b
          .addOperation(home())
          .addOperation(auth())
          .addOperation(
            Operation.manageData({
              name: "client_domain",
              value: "wallet.example",
              source: friend.publicKey(),
            }),
          ),
      ),
  ],
  [
    "one that pays",
    () =>
      issued((b) =>
        b
          .addOperation(home())
          .addOperation(auth())
          .addOperation(
            Operation.payment({
              destination: stranger.publicKey(),
              asset: Asset.native(),
              amount: "1",
              source: viewer.publicKey(),
            }),
          ),
      ),
  ],
  [
    "one with a payment first",
    () =>
      issued((b) =>
        b
          .addOperation(
            Operation.payment({
              destination: stranger.publicKey(),
              asset: Asset.native(),
              amount: "1",
              source: viewer.publicKey(),
            }),
          )
          .addOperation(auth()),
      ),
  ],
  [
    "one with a short nonce",
    () =>
      issued((b) =>
        b
          .addOperation(
            Operation.manageData({
              name: `${homeDomain} auth`,
              value: "c2hvcnQ=",
              source: viewer.publicKey(),
            }),
          )
          .addOperation(auth()),
      ),
  ],
  [
    "one for the server itself",
    () => issued((b) => b.addOperation(home(undefined, server.publicKey())).addOperation(auth())),
  ],
])("refuses a transaction that is not its own challenge: %s", async (_, make) => {
  const { post } = open();
  await expect(post(make())).rejects.toEqual(refused("CHALLENGE_INVALID"));
});

it("takes the same transaction when nothing is wrong with it", async () => {
  await open().post(issued((builder) => builder.addOperation(home()).addOperation(auth())));
});

it("refuses a fee bump, garbage and text too long, without a fault", async () => {
  const { signIn, challenge } = open();
  const bump = TransactionBuilder.buildFeeBumpTransaction(
    server,
    BASE_FEE,
    read(signed(challenge(), viewer)),
    Networks.TESTNET,
  );
  const proof = { key: device.publicKey.toHex(), proof: "00".repeat(64) };
  for (const text of [bump.toXdr(), "", "AAAA", "no base64 !", "A".repeat(20_000)]) {
    await expect(signIn.verifyChallenge(text, proof, never)).rejects.toEqual(
      refused("CHALLENGE_INVALID"),
    );
  }
});

it("never issues a challenge for itself, a contract, a memo or a client domain", () => {
  const { signIn } = open();
  const ask = (request: object) => () =>
    signIn.createChallenge({ account: viewer.publicKey(), ...request });
  expect(ask({ account: server.publicKey() })).toThrow(refused("CHALLENGE_INVALID"));
  expect(ask({ account: `C${"A".repeat(55)}` })).toThrow(refused("ADDRESS_INVALID"));
  expect(ask({ account: viewer.secret() })).toThrow(refused("ADDRESS_INVALID"));
  expect(ask({ memo: "1" })).toThrow(refused("CHALLENGE_INVALID"));
  expect(ask({ clientDomain: "wallet.example" })).toThrow(refused("CHALLENGE_INVALID"));
  expect(ask({ homeDomain: "evil" })).toThrow(refused("CHALLENGE_INVALID"));
});

it("refuses a signature that is nobody's, and one that stands twice", async () => {
  const { challenge, post } = open();
  await expect(post(signed(challenge(), stranger))).rejects.toEqual(
    refused("SIGNERS_INSUFFICIENT"),
  );
  await expect(post(signed(challenge(), viewer, stranger))).rejects.toEqual(
    refused("SIGNERS_INSUFFICIENT"),
  );
  await expect(post(signed(challenge(), viewer, viewer))).rejects.toEqual(
    refused("SIGNERS_INSUFFICIENT"),
  );
});

it("asks for the medium threshold of the account", async () => {
  const shared: AccountSigners = {
    exists: true,
    mediumThreshold: 3,
    signers: [
      { key: viewer.publicKey(), weight: 1 },
      { key: friend.publicKey(), weight: 2 },
      { key: `X${"A".repeat(55)}`, weight: 255 },
    ],
  };
  const { challenge, post } = open(shared);
  await expect(post(signed(challenge(), viewer))).rejects.toEqual(refused("SIGNERS_INSUFFICIENT"));
  await expect(post(signed(challenge(), friend))).rejects.toEqual(refused("SIGNERS_INSUFFICIENT"));
  expect((await post(signed(challenge(), viewer, friend))).account).toBe(viewer.publicKey());
});

it("takes a master key of weight 0 for nobody, even at a threshold of 0", async () => {
  const handedOver: AccountSigners = {
    exists: true,
    mediumThreshold: 0,
    signers: [
      { key: viewer.publicKey(), weight: 0 },
      { key: friend.publicKey(), weight: 1 },
    ],
  };
  const { challenge, post } = open(handedOver);
  await expect(post(signed(challenge(), viewer))).rejects.toEqual(refused("SIGNERS_INSUFFICIENT"));
  await expect(post(signed(challenge(), viewer, friend))).rejects.toEqual(
    refused("SIGNERS_INSUFFICIENT"),
  );
  await post(signed(challenge(), friend));
});

it("does not count the server's signature, even when the account lists its key", async () => {
  const { challenge, post } = open({
    exists: true,
    mediumThreshold: 1,
    signers: [{ key: server.publicKey(), weight: 10 }],
  });
  await expect(post(challenge())).rejects.toEqual(refused("SIGNERS_INSUFFICIENT"));
});

it("lets an account that is not on the network yet sign in with its own key alone", async () => {
  const absent = { exists: false, signers: [], mediumThreshold: 0 };
  const { challenge, post } = open(absent);
  await post(signed(challenge(), viewer));
  await expect(post(signed(challenge(), friend))).rejects.toEqual(refused("SIGNERS_INSUFFICIENT"));
});

it("keeps the muxed address a viewer signed in with", async () => {
  const { challenge, post } = open();
  const mux = muxedAddress(viewer.publicKey(), 7n);
  expect(await post(signed(challenge(mux), viewer))).toMatchObject({
    account: viewer.publicKey(),
    mux,
  });
});

it("binds the device's proof to network, account and challenge", async () => {
  const { signIn, challenge } = open();
  const transaction = signed(challenge(), viewer);
  const right = { networkId, account: viewer.publicKey(), challengeHash: hashOf(transaction) };
  const key = device.publicKey.toHex();
  const attempts = [
    proveRegistration(device, { ...right, networkId: "cd".repeat(32) }),
    proveRegistration(device, { ...right, account: friend.publicKey() }),
    proveRegistration(device, { ...right, challengeHash: hashOf(challenge()) }),
    device.sign(Buffer.from(right.challengeHash, "hex")).toHex(),
    "00".repeat(64),
    "",
    "no hex",
  ];
  for (const proof of attempts) {
    await expect(signIn.verifyChallenge(transaction, { key, proof }, never)).rejects.toEqual(
      refused("PROOF_INVALID"),
    );
  }
  // To a lenient verifier this proof holds for every message there is.
  const neutral = `01${"00".repeat(31)}`;
  await expect(
    signIn.verifyChallenge(transaction, { key: neutral, proof: neutral + "00".repeat(32) }, never),
  ).rejects.toEqual(refused("PROOF_INVALID"));
  for (const bad of ["", "zz", "00".repeat(32), `01${"00".repeat(31)}`]) {
    const proof = proveRegistration(device, right);
    await expect(signIn.verifyChallenge(transaction, { key: bad, proof }, never)).rejects.toEqual(
      refused("PROOF_INVALID"),
    );
  }
});

it("signs for a viewer only the challenge that the viewer meant", async () => {
  const { challenge, post } = open();
  const toSign = {
    transaction: challenge(),
    passphrase: Networks.TESTNET,
    homeDomain,
    webAuthDomain,
    serverKey: server.publicKey(),
    account: viewer.publicKey(),
    nowS: START_S,
  };
  const { transaction, hash } = signChallenge(toSign, [signer(viewer)]);
  expect(hash).toBe(hashOf(transaction));
  await post(transaction);

  const payment = Operation.payment({
    destination: stranger.publicKey(),
    asset: Asset.native(),
    amount: "1",
    source: viewer.publicKey(),
  });
  const traps = [
    { account: friend.publicKey() },
    { serverKey: stranger.publicKey() },
    { homeDomain: "bank" },
    { webAuthDomain: "bank.example" },
    { passphrase: Networks.PUBLIC },
    { transaction: issued((builder) => builder.addOperation(payment), { sequence: "41" }) },
    {
      transaction: issued((builder) => builder.addOperation(home()).addOperation(auth()), {
        sequence: "41",
      }),
    },
  ];
  for (const trap of traps) {
    expect(() => signChallenge({ ...toSign, ...trap }, [signer(viewer)])).toThrow(
      refused("CHALLENGE_INVALID"),
    );
  }
  expect(() => signChallenge({ ...toSign, nowS: START_S + 331 }, [signer(viewer)])).toThrow(
    refused("CHALLENGE_EXPIRED"),
  );
});
