/**
 * The nouns of `ace`: one line each, loaded on use so that help costs nothing.
 *
 * A module in `commands/` exports `register`, which adds its verbs to the noun and wraps each action
 * in `run`. A noun without verbs takes arguments and an action itself.
 */
import type { Command } from "commander";
import type { Run } from "./run.ts";

export interface CommandModule {
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

export type Persona = (typeof personas)[number];

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
};
