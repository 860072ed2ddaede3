// Goal: nobody fills the disks of all nodes for the price of Stellar fees: what a contract holds, what an
//       account deploys and what it has under way are bounded.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sha256 } from "../../src/lib/hash.ts";
import { admitSource } from "../../src/runtime/admit.ts";
import { contractInfo } from "../../src/runtime/contract-info.ts";
import { limits } from "../../src/runtime/limits.ts";
import { accountOf, contractText, RuntimeKit, vault } from "../support/runtime-kit.ts";

const keeps = (declared: string): string =>
  contractText(
    "put: { args: [int, text] }, drop: { args: [int] }, fill: { args: [int], returns: int }",
    `const rows = state.map("row", int, text);
     export function put(key, value) { rows.set(key, value); }
     export function drop(key) { rows.delete(key); }
     export function fill(count) {
       let done = 0n;
       try { for (; done < count; done += 1n) rows.set(done, "12345678901234567890"); } catch (error) {}
       return done;
     }`,
  ).replace('name: "test"', `name: "test"${declared}`);

let kit: RuntimeKit;
beforeAll(async () => {
  kit = await RuntimeKit.open();
});
afterAll(() => kit[Symbol.asyncDispose]());

describe("a contract", () => {
  it("holds what it declared and not a byte more", async () => {
    const contract = await kit.deploy(keeps(", storageBytes: 100"));
    const put = (key: bigint, length: number) =>
      kit.one({ contract, method: "put", args: [key, "x".repeat(length)] });
    // A key is the number, the name and its end, and two bytes for 0: 14. A text has two bytes of head.
    expect((await put(0n, 84)).code).toBe("");
    expect(contractInfo(kit.state, vault, contract)).toMatchObject({
      stateBytes: 100,
      stateBytesMax: 100,
    });
    expect((await put(0n, 85)).code).toBe("STORAGE_FULL");
    expect((await put(1n, 0)).code).toBe("STORAGE_FULL");
    expect((await put(0n, 40)).code).toBe("");
    expect((await put(1n, 10)).code).toBe("");
    expect((await kit.one({ contract, method: "drop", args: [0n] })).code).toBe("");
    expect((await kit.one({ contract, method: "drop", args: [1n] })).code).toBe("");
    expect(contractInfo(kit.state, vault, contract)?.stateBytes).toBe(0);
  });

  it("may catch that it is full, and keeps what it wrote until then", async () => {
    const contract = await kit.deploy(keeps(", storageBytes: 110"));
    const { code, result } = await kit.one({ contract, method: "fill", args: [9n] });
    expect({ code, result }).toEqual({ code: "", result: 3n });
    expect(contractInfo(kit.state, vault, contract)?.stateBytes).toBe(107);
  });

  it("that declares nothing may hold 16 MiB", async () => {
    const contract = await kit.deploy(keeps(""));
    expect(contractInfo(kit.state, vault, contract)?.stateBytesMax).toBe(16 * 1_024 * 1_024);
  });

  it.each(["-1", "1.5", "1n", '"1"', "2_000_000_000", "1 + 1"])(
    "is refused that declares %s",
    (written) => {
      const admitted = admitSource(keeps(`, storageBytes: ${written}`));
      expect(admitted).toMatchObject({ ok: false, refusals: [{ code: "CODE_ABI" }] });
    },
  );
});

describe("an account", () => {
  it("deploys contracts until what they may hold is as much as an account may have", async () => {
    const caller = accountOf("an owner of much");
    const source = keeps(`, storageBytes: ${limits.storageBytesMax}`);
    const codes: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      const { receipts } = await kit.close(...kit.deployCalls(source, [], caller));
      codes.push(receipts[1]?.code ?? "");
    }
    expect(codes).toEqual(["", "", "", "OWNER_FULL", "OWNER_FULL"]);
    const [put, deploy] = kit.deployCalls(source, [], accountOf("another owner"));
    if (put === undefined || deploy === undefined) throw new Error("two calls");
    expect((await kit.close(put, deploy)).receipts[1]?.code).toBe("");
  });

  it("takes no room with a deployment that fails", async () => {
    const caller = accountOf("an unlucky owner");
    const source = contractText(
      "setup: { args: [bool] }",
      "export function setup(ok) { if (!ok) fail('NO'); }",
    );
    const big = source.replace(
      'name: "test"',
      `name: "test", storageBytes: ${limits.storageBytesMax}`,
    );
    const codes: string[] = [];
    for (const isGood of [false, false, false, false, false, true]) {
      const { receipts } = await kit.close(...kit.deployCalls(big, [isGood], caller));
      codes.push(receipts[1]?.code ?? "");
    }
    expect(codes).toEqual(["NO", "NO", "NO", "NO", "NO", ""]);
  });

  it("has one source under way: another takes its place", async () => {
    const caller = accountOf("an uploader");
    const [first, second] = [keeps(", storageBytes: 1"), keeps(", storageBytes: 2")];
    const [putFirst, deployFirst] = kit.deployCalls(first, [], caller);
    const [putSecond, deploySecond] = kit.deployCalls(second, [], caller);
    if (!putFirst || !deployFirst || !putSecond || !deploySecond) throw new Error("four calls");
    const uploads = (): number =>
      kit.state.rows.filter(({ key }) => Buffer.from(key).includes("uploading")).length;
    const underWay = uploads();
    const before = kit.state.rows.length;
    const { receipts } = await kit.close(putFirst, putSecond);
    expect(receipts.map(({ code }) => code)).toEqual(["", ""]);
    expect(kit.state.rows.length).toBe(before + 2);
    const after = await kit.close(deployFirst, deploySecond);
    expect(after.receipts.map(({ code }) => code)).toEqual(["CODE_INCOMPLETE", ""]);
    expect(uploads()).toBe(underWay);
  });

  it("puts at most as many parts as a source can honestly have", async () => {
    const caller = accountOf("a splitter");
    const hash = sha256(Buffer.from("never whole"));
    const part = (offset: number) =>
      kit.call({ caller, method: "put", args: [hash, BigInt(offset), Uint8Array.of(32)] });
    const parts = Array.from({ length: limits.uploadPartsMax + 2 }, (_, offset) => part(offset));
    const { receipts } = await kit.close(...parts, part(0));
    const refused = receipts.flatMap(({ code }, index) => (code === "" ? [] : [[index, code]]));
    expect(refused).toEqual([
      [limits.uploadPartsMax, "UPLOAD_FULL"],
      [limits.uploadPartsMax + 1, "UPLOAD_FULL"],
    ]);
  });
});
