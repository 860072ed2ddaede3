/** The DAO's act: three members lock power, propose, vote, and what passed takes effect. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { openNodeClient } from "../../client/http.ts";
import { AceError } from "../../lib/errors.ts";
import { proofLine } from "./narrator.ts";
import { Called, InLedger, until, type World } from "./world.ts";

const members = ["alice", "bob", "carol"] as const;
export const TOKEN_LIFE_S = 12;

const Proposed = Called.extend({ proposal: z.object({ id: z.string() }) });
const Proposal = z.object({ id: z.string(), state: z.string(), yes: z.string(), no: z.string() });
const Executed = Called.extend({ fromLedger: z.int() });
const Settings = z.object({ items: z.array(z.object({ name: z.string(), value: z.string() })) });

/** The members trust the governance asset, and the founder gives each of them some. */
export async function endowAct(
  { stage }: World,
  accounts: Readonly<Record<string, string>>,
): Promise<void> {
  const trusting = members.map((name) =>
    stage.must(InLedger, ["account", "trust", "ACE", "--as", name]),
  );
  for (const [index, name] of members.entries()) {
    await trusting[index];
    const to = accounts[name] ?? "";
    await stage.must(InLedger, ["account", "pay", to, "100", "ACE", "--as", "founder"]);
  }
}

/** Locks power and proposes; the clock of the vote then runs while the demo goes on. */
export async function proposeAct(world: World): Promise<string> {
  const { stage, narrator } = world;
  const locks = await Promise.all(
    members.map((name) => stage.must(Called, ["dao", "lock", "100", "--for", "30d", "--as", name])),
  );
  const [lock] = locks;
  narrator.tell(
    "lock",
    "Three DAO members lock 100 ACE each, to themselves: it stays theirs, and votes.",
    { locks: locks.map(({ hash, ledger }) => ({ hash, ledger })) },
    locks.map(proofLine),
  );
  if (lock === undefined) throw new AceError("CHECK_FAILED", "nobody locked anything");

  const change = `token.lifeS=${TOKEN_LIFE_S}`;
  const proposed = await stage.must(Proposed, [
    "dao",
    "propose",
    change,
    "--title",
    "Shorter tokens",
    "--as",
    "alice",
  ]);
  const { id } = proposed.proposal;
  narrator.tell(
    "propose",
    `Alice proposes that access tokens live ${TOKEN_LIFE_S} s.`,
    { proposal: id, hash: proposed.hash, ledger: proposed.ledger },
    [proofLine(proposed)],
  );
  return id;
}

export async function voteAct(world: World, id: string): Promise<void> {
  const { stage, narrator } = world;
  await inState(world, id, ["voting"]);
  const votes = await Promise.all(
    members.map((name) =>
      stage.must(Called, ["dao", "vote", id, name === "carol" ? "no" : "yes", "--as", name]),
    ),
  );
  narrator.tell(
    "vote",
    "Alice and Bob vote yes, Carol votes no; the vote stays open for 30 s.",
    { proposal: id, votes: votes.map(({ hash, ledger }) => ({ hash, ledger })) },
    votes.map(proofLine),
  );
}

/** Executes what passed, and waits for the epoch at which it takes effect. */
export async function executeAct(world: World, id: string): Promise<InLedger> {
  const { stage, narrator } = world;
  narrator.wait("the vote and its timelock run out");
  const { yes, no } = await inState(world, id, ["queued"]);
  const executed = await stage.must(Executed, ["dao", "execute", id, "--as", "bob"]);
  const { fromLedger, hash, ledger } = executed;
  await until(
    async () => {
      const { tip } = await openNodeClient(world.nodeUrl(), world.signal).status();
      return (tip?.sequence ?? 0) >= fromLedger ? true : undefined;
    },
    () => pause(world),
  );
  const { items } = await stage.must(Settings, ["dao", "settings"]);
  const value = items.find(({ name }) => name === "token.lifeS")?.value;
  if (value !== String(TOKEN_LIFE_S)) {
    throw new AceError("CHECK_FAILED", `token.lifeS is ${value} after the vote`);
  }
  narrator.tell(
    "execute",
    `It passed, anyone may execute it, and from ledger ${fromLedger} it is in force.`,
    { proposal: id, yes, no, fromLedger, hash, ledger, value },
    [proofLine(executed)],
  );
  return { hash, ledger };
}

async function inState(world: World, id: string, states: readonly string[]) {
  return await until(
    async () => {
      const proposal = await readProposal(world, id);
      if (proposal.state === "rejected" || proposal.state === "expired") {
        throw new AceError("CHECK_FAILED", `proposal ${id} is ${proposal.state}`);
      }
      return states.includes(proposal.state) ? proposal : undefined;
    },
    () => pause(world),
  );
}

async function readProposal(world: World, id: string) {
  const { result } = await openNodeClient(world.nodeUrl(), world.signal).view(1n, "proposal", [id]);
  return Proposal.parse(result);
}

async function pause({ signal }: World): Promise<void> {
  await sleep(400, undefined, { signal });
}
