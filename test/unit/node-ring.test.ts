// Goal: of several nodes one that answers is found, soon, and stayed with; what is no node's fault is told at once.
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { AceError, type ErrorCode } from "../../src/lib/errors.ts";
import { NodeRing } from "../../src/node/node-ring.ts";
import { mayKnowBetter } from "../../src/node/token-source.ts";
import { chanceOf } from "../support/chance.ts";
import { codeOf } from "../support/node-kit.ts";

const nodes = ["a", "b", "c"].map((url) => ({ url }));
const PATIENCE_MS = 30;

/** A node that is named in `faults` fails so; `silent` never answers. */
function ringOf(faults: Partial<Record<string, ErrorCode | "silent">>) {
  const asked: string[] = [];
  const ring = new NodeRing(nodes, PATIENCE_MS);
  const work = async ({ url }: { readonly url: string }): Promise<string> => {
    asked.push(url);
    const fault = faults[url];
    if (fault === "silent") await sleep(60_000, undefined, { ref: false });
    else if (fault !== undefined) throw new AceError(fault, `${url} fails`);
    return url;
  };
  return { ring, work, asked, faults };
}

it("asks the next one when a node is down, behind, busy or silent, and stays with who answers", async () => {
  for (const fault of [
    "NODE_UNREACHABLE",
    "NODE_BEHIND",
    "RATE_LIMITED",
    "INTERNAL",
    "silent",
  ] as const) {
    const { ring, work, asked, faults } = ringOf({ a: fault });
    expect(await ring.ask(work)).toBe("b");
    delete faults["a"];
    expect(await ring.ask(work)).toBe("b");
    faults["b"] = "NODE_UNREACHABLE";
    expect(await ring.ask(work)).toBe("c");
    faults["c"] = "NODE_UNREACHABLE";
    expect(await ring.ask(work)).toBe("a");
    expect(asked).toEqual(["a", "b", "b", "b", "c", "c", "a"]);
  }
});

it("asks nobody else about what no other node could know better", async () => {
  for (const code of ["LICENCE_MISSING", "LEASE_LOST", "LEASE_FULL", "PROOF_INVALID"] as const) {
    const { ring, work, asked } = ringOf({ a: code });
    expect(await codeOf(() => ring.ask(work, mayKnowBetter))).toBe(code);
    expect(asked).toEqual(["a"]);
  }
  const { ring, work } = ringOf({ a: "CONTENT_NOT_FOUND" });
  expect(await ring.ask(work, mayKnowBetter)).toBe("b");
});

it("tells what the last one said when none answers, and waits for the last as long as it takes", async () => {
  const down = "NODE_UNREACHABLE";
  const all = ringOf({ a: down, b: down, c: "NODE_BEHIND" });
  expect(await codeOf(() => all.ring.ask(all.work))).toBe("NODE_BEHIND");
  const alone = new NodeRing([{ url: "a" }], 1);
  expect(await alone.ask(() => sleep(3 * PATIENCE_MS, "slow"))).toBe("slow");
});

it("finds an answer a thousand times while one of three is down, whichever it is", async () => {
  const chance = chanceOf(7);
  const { ring, work, faults } = ringOf({});
  for (let renewal = 0; renewal < 1_000; renewal += 1) {
    for (const { url } of nodes) delete faults[url];
    const down = nodes[Math.floor(chance() * nodes.length)]?.url ?? "a";
    faults[down] = "NODE_UNREACHABLE";
    expect(await ring.ask(work)).not.toBe(down);
  }
});
