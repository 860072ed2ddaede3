/** Act one: a Stellar network of our own, people on it, and a service network that they found. */
import { z } from "zod";
import { AceError } from "../../lib/errors.ts";
import { latestOf } from "../rpc-probe.ts";
import { endowAct } from "./act-dao.ts";
import { proofLine } from "./narrator.ts";
import { InLedger, type World } from "./world.ts";

const Devnet = z.object({ rpcUrl: z.string(), passphrase: z.string() });
const Keys = z.object({
  items: z.array(
    z.object({ name: z.string(), address: z.string(), hash: z.string(), ledger: z.int() }),
  ),
});
const Founded = InLedger.extend({
  id: z.string(),
  path: z.string(),
  network: z.object({ vault: z.string(), genesisLedger: z.int() }),
});
const NodeReady = z.object({
  httpUrl: z.string(),
  peerAddress: z.string(),
  trackerUrl: z.string(),
});

export const people = [
  "founder",
  "owner",
  "artist",
  "label",
  "crew",
  "viewer",
  "buyer",
  "alice",
  "bob",
  "carol",
] as const;
export type Person = (typeof people)[number];

export interface Founding {
  readonly accounts: Readonly<Record<Person, string>>;
  readonly rpcUrl: string;
  readonly nodeUrl: string;
  readonly trackerUrl: string;
  readonly vault: string;
}

export async function foundingAct(world: World): Promise<Founding> {
  const { stage, narrator } = world;
  const devnet = await stage.start(Devnet, ["devnet", "--port", "0", "--close", "1s"]);
  const { rpcUrl, passphrase } = devnet.ready;
  stage.set("ACE_RPC", rpcUrl);
  const { sequence } = await latestOf({ url: rpcUrl, signal: world.signal });
  narrator.tell(
    "devnet",
    "A Stellar network runs on this machine and closes a ledger every second.",
    { rpcUrl, passphrase, ledger: sequence },
    [`RPC ${rpcUrl}, ledger ${sequence}`],
  );

  narrator.wait("ten people make keys and are funded");
  const { accounts, funding } = await makeKeys(stage);
  narrator.tell(
    "keys",
    "Ten people have keys and accounts on it, each funded by friendbot.",
    { accounts, ...funding },
    [people.join(", "), proofLine(funding)],
  );

  const founded = await stage.must(Founded, ["network", "create", "demo", "--as", "founder"]);
  const { id, network, hash, ledger } = founded;
  stage.set("ACE_NETWORK_FILE", founded.path);
  narrator.tell(
    "network",
    "A service network is founded: its vault has no key of its own any more.",
    { id, vault: network.vault, hash, ledger },
    [`network ${id}`, proofLine(founded)],
  );

  const [node] = await Promise.all([
    stage.start(NodeReady, [
      "node",
      "--port",
      "0",
      "--peer-port",
      "0",
      "--tracker-port",
      "0",
      "--log",
      "error",
    ]),
    endowAct(world, accounts),
  ]);
  const { httpUrl: nodeUrl, trackerUrl } = node.ready;
  stage.set("ACE_NODE", nodeUrl);
  narrator.tell(
    "node",
    "A node follows it from the founding on, verifies every hash, and answers.",
    { ...node.ready, hash, ledger },
    [`API ${nodeUrl}   reference ${nodeUrl}/docs`, proofLine(founded)],
  );
  return { accounts, rpcUrl, nodeUrl, trackerUrl, vault: network.vault };
}

async function makeKeys(stage: World["stage"]): Promise<{
  readonly accounts: Founding["accounts"];
  /** Of the first of them; friendbot funds many in one transaction. */
  readonly funding: InLedger;
}> {
  const args = ["key", "new", ...people, "--plaintext", "--fund"];
  const { items } = await stage.must(Keys, args);
  const found = new Map(items.map(({ name, address }) => [name, address]));
  const of = (name: Person): string => found.get(name) ?? "";
  const accounts = {
    founder: of("founder"),
    owner: of("owner"),
    artist: of("artist"),
    label: of("label"),
    crew: of("crew"),
    viewer: of("viewer"),
    buyer: of("buyer"),
    alice: of("alice"),
    bob: of("bob"),
    carol: of("carol"),
  };
  const [first] = items;
  if (first === undefined) throw new AceError("CHECK_FAILED", "nobody got a key");
  return { accounts, funding: { hash: first.hash, ledger: first.ledger } };
}
