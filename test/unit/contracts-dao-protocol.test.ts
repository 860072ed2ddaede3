// Goal: a vote of the DAO takes the network to the next version of the protocol, at a ledger that all know
//       long before, and to no other.
import { expect, it } from "vitest";
import { parseServiceNetwork } from "../../src/contracts/service-network.ts";
import { PROTOCOL_NOTICE_LEDGERS_MIN, PROTOCOL_SETTING } from "../../src/contracts/settings.ts";
import type { JsonValue } from "../../src/contracts/value-json.ts";
import { silentEvents } from "../../src/lib/events.ts";
import {
  callDao,
  DAO,
  DELAY_S,
  lock,
  propose,
  raise,
  TIMELOCK_S,
  VOTING_S,
  vote,
} from "../support/dao.ts";
import { bothProtocols, WRITE_EXTRA, writerSource } from "../support/protocols.ts";
import { network } from "../support/runtime-kit.ts";
import { accountOf, Sandbox } from "../support/sandbox.ts";

const ann = accountOf("ann");

const to = (version: number) => ({ ...raise, name: PROTOCOL_SETTING, value: `${version}` });

async function withPower(options: Parameters<typeof Sandbox.open>[1] = {}): Promise<Sandbox> {
  const dao = await Sandbox.open({}, options);
  await dao.close([lock(ann, 600n, dao.timeS + 100_000n)]);
  return dao;
}

/** Votes it through and gives the proposal, ready to be executed. */
async function passed(dao: Sandbox, version: number): Promise<JsonValue> {
  const id = await dao.done(propose(ann, to(version)));
  dao.advance(DELAY_S);
  await dao.done(vote(ann, id, "yes"));
  dao.advance(VOTING_S + TIMELOCK_S);
  await dao.close([]);
  return id;
}

it("goes to the next version at the ledger that the execution named, and only there", {
  timeout: 90_000,
}, async () => {
  const told: unknown[] = [];
  const warn = (name: string, fields?: object): void => {
    if (name === "protocol.next") told.push(fields);
  };
  const events = { ...silentEvents, warn };
  await using dao = await withPower({ protocols: bothProtocols, events });
  const writer = await dao.deploy(writerSource, ann, []);
  const gas = async (): Promise<bigint> =>
    (await dao.send({ from: ann, call: { contract: writer, method: "write", args: ["2"] } }))
      .gasUsed;
  await gas();
  const cheap = await gas();
  expect(await dao.code(propose(ann, to(1)))).toBe("DAO_PROTOCOL_NEXT");
  expect(await dao.code(propose(ann, to(3)))).toBe("DAO_PROTOCOL_NEXT");
  const id = await passed(dao, 2);
  const fromLedger = Number(await dao.done(callDao(ann, "execute", id)));
  expect(fromLedger).toBeGreaterThanOrEqual(dao.sequence - 1 + PROTOCOL_NOTICE_LEDGERS_MIN);

  const next = await dao.done(propose(ann, to(3)));
  dao.advance(DELAY_S);
  await dao.done(vote(ann, next, "yes"));
  dao.advance(VOTING_S + TIMELOCK_S);
  await dao.close([]);
  expect(await dao.code(callDao(ann, "execute", next))).toBe("DAO_PROTOCOL_PENDING");
  dao.advance(5n);
  while (dao.sequence < fromLedger - 1) await dao.close([]);
  expect(await gas()).toBe(cheap);
  expect(await gas()).toBe(cheap + BigInt(2 * WRITE_EXTRA));
  expect(await dao.view(DAO, "setting", [PROTOCOL_SETTING])).toBe("2");
  expect(told).toEqual([{ version: 2, fromLedger, isKnown: true }]);
  expect(await dao.code(callDao(ann, "execute", next))).toBe("");
});

it("stops a node that lacks the version before its first ledger", async () => {
  await using dao = await withPower();
  const fromLedger = Number(await dao.done(callDao(ann, "execute", await passed(dao, 2))));
  dao.advance(5n);
  while (dao.sequence < fromLedger) await dao.close([]);
  await expect(dao.close([])).rejects.toMatchObject({ code: "PROTOCOL_UNKNOWN" });
  expect(await dao.view(DAO, "setting", [PROTOCOL_SETTING])).toBe("1");
});

it("is founded with the version of the network's own document", () => {
  const settings = { [PROTOCOL_SETTING]: 2 };
  expect(() => parseServiceNetwork({ ...network, settings })).toThrow(
    `"${PROTOCOL_SETTING}" is founded as protocolVersion`,
  );
});
