/**
 * The nouns of `ace`: one line each, loaded on use so that help costs nothing.
 *
 * A module in `commands/` exports `register`, which adds its verbs to the noun and wraps each action
 * in `run`. A noun without verbs takes arguments and an action itself.
 */
import type { Command } from "commander";
import type { Run } from "./run.ts";

interface CommandModule {
  readonly register: (noun: Command, run: Run) => void;
}

export interface Noun {
  /** Heading of `ace help` under which the noun stands. */
  readonly persona: Persona;
  readonly summary: string;
  readonly alias?: string;
  /** Loads all nouns beside it, because it speaks about the whole grammar. */
  readonly seesAll?: boolean;
  readonly load: () => Promise<CommandModule>;
}

/** In the order of `ace help`. */
export const personas = [
  "Everybody",
  "Viewer",
  "Content owner",
  "DAO member",
  "Node operator",
  "Contract author",
] as const;

type Persona = (typeof personas)[number];

export const nouns: Readonly<Record<string, Noun>> = {
  key: {
    persona: "Everybody",
    summary: "keys to act with",
    load: () => import("./commands/key.ts"),
  },
  config: {
    persona: "Everybody",
    summary: "settings in force, each with its origin",
    load: () => import("./commands/config.ts"),
  },
  doctor: {
    persona: "Everybody",
    summary: "find out what is missing, and how to mend it",
    load: () => import("./commands/doctor.ts"),
  },
  explain: {
    persona: "Everybody",
    summary: "what an error code means",
    load: () => import("./commands/explain.ts"),
  },
  completion: {
    persona: "Everybody",
    summary: "let the shell complete what you type",
    seesAll: true,
    load: () => import("./commands/completion.ts"),
  },
  demo: {
    persona: "Everybody",
    summary: "the whole way in two minutes: a licence bought on Stellar opens a stream",
    load: () => import("./commands/demo.ts"),
  },
  account: {
    persona: "Everybody",
    summary: "what an account holds and is owed; payments and trustlines",
    load: () => import("./commands/account.ts"),
  },
  tx: {
    persona: "Everybody",
    summary: "what a transaction did: its receipts",
    load: () => import("./commands/tx.ts"),
  },
  proof: {
    persona: "Everybody",
    summary: "prove what a contract holds or did, and check such proofs without a node",
    load: () => import("./commands/proof.ts"),
  },
  licence: {
    persona: "Viewer",
    summary: "what is sold, buying it, and what you own",
    alias: "license",
    load: () => import("./commands/licence.ts"),
  },
  token: {
    persona: "Viewer",
    summary: "what opens a stream now, or why nothing does",
    load: () => import("./commands/token.ts"),
  },
  device: {
    persona: "Viewer",
    summary: "the devices that your account watches on",
    load: () => import("./commands/device.ts"),
  },
  stream: {
    persona: "Viewer",
    summary: "watch what you hold a licence for",
    load: () => import("./commands/stream.ts"),
  },
  content: {
    persona: "Content owner",
    summary: "publish a file under a licence",
    load: () => import("./commands/content.ts"),
  },
  dao: {
    persona: "DAO member",
    summary: "lock power, propose, vote, and let it take effect",
    load: () => import("./commands/dao.ts"),
  },
  network: {
    persona: "Node operator",
    summary: "found a service network, or show the one in use",
    load: () => import("./commands/network.ts"),
  },
  node: {
    persona: "Node operator",
    summary: "follow the network, answer the API, seed contents",
    load: () => import("./commands/node.ts"),
  },
  ledger: {
    persona: "Node operator",
    summary: "verify Stellar's own data, hash by hash",
    load: () => import("./commands/ledger.ts"),
  },
  contract: {
    persona: "Contract author",
    summary: "write, build, deploy, call and look into contracts",
    load: () => import("./commands/contract.ts"),
  },
  devnet: {
    persona: "Contract author",
    summary: "a Stellar network of your own, on this machine",
    load: () => import("./commands/devnet.ts"),
  },
};
