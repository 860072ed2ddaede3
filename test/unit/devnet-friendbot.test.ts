// Goal: everybody who asks friendbot gets an answer, and one account's trouble is not another's.
// Method: friendbot against the pure network, ledgers closed by hand; no HTTP.
import { Operation } from "@stellar/stellar-sdk/base";
import { expect, it } from "vitest";
import { createFriendbot, type Friendbot } from "../../src/devnet/friendbot.ts";
import { createBench, keypair } from "../devnet-kit.ts";

function open() {
  const bench = createBench();
  const friendbot = createFriendbot(bench.net);
  return { ...bench, friendbot, close: () => closeWith(friendbot, () => bench.net) };
}

function closeWith(friendbot: Friendbot, net: () => ReturnType<typeof createBench>["net"]) {
  friendbot.beforeClose();
  const ledger = net().close({ closeTime: 0n });
  friendbot.afterClose();
  return ledger;
}

const addresses = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, index) => keypair(`crowd ${index}`).publicKey());

it("one transaction serves all who asked before a ledger", async () => {
  const { friendbot, close } = open();
  const answers = addresses(100).map((address) => friendbot.fund(address));
  expect(close().transactions).toHaveLength(1);
  const hashes = (await Promise.all(answers)).map(({ body }) => body["hash"]);
  expect(new Set(hashes).size).toBe(1);
});

it("the hundred-and-first is served in the next ledger", async () => {
  const { friendbot, close, net } = open();
  const answers = addresses(101).map((address) => friendbot.fund(address));
  close();
  close();
  const served = (await Promise.all(answers)).map(({ body }) => body["ledger"]);
  expect(served.filter((ledger) => ledger === 3)).toHaveLength(1);
  expect([...net.entries]).toHaveLength(102);
});

it("who asks twice for one account gets it once", async () => {
  const { friendbot, close } = open();
  const [address = ""] = addresses(1);
  const [first, second] = [friendbot.fund(address), friendbot.fund(address)];
  close();
  expect((await first).status).toBe(200);
  expect(await second).toMatchObject({ status: 400 });
  expect(await friendbot.fund(address)).toMatchObject({ status: 400 });
});

it("an account that somebody else creates meanwhile does not cost the others theirs", async () => {
  const { friendbot, close, fund, send } = open();
  fund("rich");
  const [taken, free] = [keypair("taken").publicKey(), keypair("free").publicKey()];
  const answers = [friendbot.fund(taken), friendbot.fund(free)];
  // Whichever of the two transactions comes first, both accounts exist in the end.
  friendbot.beforeClose();
  send(
    { from: keypair("rich") },
    Operation.createAccount({ destination: taken, startingBalance: "5" }),
  );
  close();
  close();
  const [forTaken, forFree] = await Promise.all(answers);
  expect(forFree?.status).toBe(200);
  expect([200, 400]).toContain(forTaken?.status);
});

it("while the root account is busy all wait, and in the end are told so", async () => {
  const { friendbot, close, root, send } = open();
  const [address = ""] = addresses(1);
  const answer = friendbot.fund(address);
  for (let ledger = 0; ledger < 10; ledger += 1) {
    send({ from: root }, Operation.manageData({ name: "busy", value: `${ledger}` }));
    close();
  }
  expect((await answer).status).toBe(503);
  const patient = friendbot.fund(address);
  close();
  expect((await patient).status).toBe(200);
});

it("stopping turns away those who wait", async () => {
  const { friendbot } = open();
  const [address = ""] = addresses(1);
  const answer = friendbot.fund(address);
  friendbot.stop();
  expect((await answer).status).toBe(503);
});
