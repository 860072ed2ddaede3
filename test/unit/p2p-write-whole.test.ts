// Goal: a piece that the disk took only in part is never taken for written.
// Method: a file that takes as little at a time as disks may that fill up.
import { expect, it } from "vitest";
import { writeWhole } from "../../src/p2p/write-whole.ts";

function fileOf(sizeBytes: number, atMost: number) {
  const held = Buffer.alloc(64);
  const write = async (bytes: Uint8Array, offset: number, length: number, position: number) => {
    const room = Math.max(0, sizeBytes - position);
    if (room === 0 && atMost > 0) throw new Error("ENOSPC");
    const bytesWritten = Math.min(length, atMost, room);
    held.set(bytes.subarray(offset, offset + bytesWritten), position);
    return { bytesWritten };
  };
  return { held, file: { write } };
}

const piece = Uint8Array.from({ length: 40 }, (_, index) => index + 1);

it.each([1, 7, 39, 40, 100])(
  "a piece is whole when the disk takes %i bytes a time",
  async (atMost) => {
    const { held, file } = fileOf(64, atMost);
    await writeWhole(file, piece, 10);
    expect([...held.subarray(10, 50)]).toEqual([...piece]);
  },
);

it("a disk that takes part of a piece and then no more fails the piece", async () => {
  await expect(writeWhole(fileOf(30, 16).file, piece, 10)).rejects.toThrow("ENOSPC");
  await expect(writeWhole(fileOf(64, 0).file, piece, 10)).rejects.toMatchObject({
    code: "STORE_FULL",
  });
});
