/**
 * The journal: every closed ledger in order, as a stream of records, a file for each thousand.
 *
 * A ledger is appended when it closes; the operating system has it from then on, whatever becomes of
 * this process. What a crash left half written at the end is cut off. A full file is compressed.
 *
 * Errors  `DEVNET_DATA` for files that cannot be used.
 */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { uint32Bytes } from "../lib/bytes.ts";
import { AceError } from "../lib/errors.ts";
import { writeWhole } from "./files.ts";

const FILE_LEDGERS = 1_000;
const FILE_BYTES_MAX = 1024 * 1024 * 1024;
const MARK_BYTES = 4;
const LAST_PIECE = 0x80_00_00_00;
const FULL_NAME = /^(\d{10})\.xdr\.zst$/;
const OPEN_NAME = /^(\d{10})\.xdr$/;

export class Journal implements Disposable {
  readonly #folder: string;
  #latest: number;
  #file: number | undefined;
  /** The file read last: whoever asks for one old ledger soon asks for the next. */
  #loaded: { readonly first: number; readonly records: readonly Uint8Array[] } | undefined;

  /** Errors `DEVNET_DATA`. */
  constructor(folder: string) {
    this.#folder = folder;
    mkdirSync(folder, { recursive: true });
    this.#latest = this.#mend();
  }

  /** 0 when the journal is empty. */
  get latestSequence(): number {
    return this.#latest;
  }

  /** @param meta XDR of the next ledger's LedgerCloseMeta. */
  append(sequence: number, meta: Uint8Array): void {
    if (sequence !== this.#latest + 1) {
      const message = `ledger ${sequence} cannot be kept after ledger ${this.#latest}`;
      throw new AceError("DEVNET_DATA", message);
    }
    const first = firstOf(sequence);
    try {
      this.#write(first, meta);
      if (firstOf(sequence + 1) !== first) this.#finish(first);
    } catch (cause) {
      throw new AceError("DEVNET_DATA", `${this.#path(first)} cannot be written`, { cause });
    }
    this.#latest = sequence;
    if (this.#loaded?.first === first) this.#loaded = undefined;
  }

  /** XDR of the LedgerCloseMeta. Errors `DEVNET_DATA`. */
  read(sequence: number): Uint8Array | undefined {
    if (sequence < 1 || sequence > this.#latest) return undefined;
    const first = firstOf(sequence);
    if (this.#loaded?.first !== first) {
      this.#loaded = { first, records: splitRecords(this.#content(first)).records };
    }
    return this.#loaded.records[sequence - first];
  }

  [Symbol.dispose](): void {
    this.#closeFile();
  }

  #write(first: number, meta: Uint8Array): void {
    this.#file ??= openSync(this.#path(first), "a");
    const record = Buffer.concat([uint32Bytes(LAST_PIECE + meta.length), meta]);
    const written = writeSync(this.#file, record);
    if (written !== record.length) throw new Error("the disk is full");
  }

  #finish(first: number): void {
    this.#closeFile();
    this.#compress(first);
  }

  #closeFile(): void {
    if (this.#file !== undefined) closeSync(this.#file);
    this.#file = undefined;
  }

  #path(first: number): string {
    return join(this.#folder, `${String(first).padStart(10, "0")}.xdr`);
  }

  #compress(first: number): void {
    const path = this.#path(first);
    writeWhole(`${path}.zst`, zstdCompressSync(readFileSync(path)));
    rmSync(path);
  }

  #content(first: number): Uint8Array {
    const path = this.#path(first);
    try {
      if (!existsSync(`${path}.zst`)) return readFileSync(path);
      return zstdDecompressSync(readFileSync(`${path}.zst`), { maxOutputLength: FILE_BYTES_MAX });
    } catch (cause) {
      throw new AceError("DEVNET_DATA", `${path} cannot be read`, { cause });
    }
  }

  /** Cuts off what is half written, finishes what was being compressed; gives the last ledger. */
  #mend(): number {
    const names = readdirSync(this.#folder);
    const full = firstsOf(names, FULL_NAME);
    const open = firstsOf(names, OPEN_NAME);
    for (const first of open.filter((each) => full.includes(each))) rmSync(this.#path(first));
    const last = Math.max(0, ...full, ...open);
    const count = new Set([...full, ...open]).size;
    if (count === 0) return 0;
    if (count !== Math.floor(last / FILE_LEDGERS) + 1) {
      throw new AceError("DEVNET_DATA", `${this.#folder} lacks some of its files`);
    }
    const { records, lengthBytes, isTorn } = splitRecords(this.#content(last));
    if (isTorn) {
      throw new AceError("DEVNET_DATA", `${this.#path(last)} is damaged in its middle`);
    }
    const next = last + records.length;
    if (!full.includes(last)) {
      truncateSync(this.#path(last), lengthBytes);
      if (firstOf(next) !== last) this.#compress(last);
    }
    return next - 1;
  }
}

/** First ledger of the file that holds `sequence`; there is no ledger 0. */
function firstOf(sequence: number): number {
  return Math.max(1, sequence - (sequence % FILE_LEDGERS));
}

function firstsOf(names: readonly string[], pattern: RegExp): readonly number[] {
  return names.flatMap((name) => {
    const first = pattern.exec(name)?.[1];
    return first === undefined ? [] : [Number(first)];
  });
}

/**
 * The whole records of `content`, and how many bytes they take. What a crash left behind them is the
 * beginning of a record, or zeros; anything else has ledgers after it that must not be cut off.
 */
function splitRecords(content: Uint8Array): {
  readonly records: readonly Uint8Array[];
  readonly lengthBytes: number;
  readonly isTorn: boolean;
} {
  const view = new DataView(content.buffer, content.byteOffset, content.length);
  const records: Uint8Array[] = [];
  let offset = 0;
  while (offset + MARK_BYTES <= content.length) {
    const start = offset + MARK_BYTES;
    const end = start + view.getUint32(offset) - LAST_PIECE;
    if (end < start || end > content.length) break;
    records.push(content.subarray(start, end));
    offset = end;
  }
  const isMarked = offset + MARK_BYTES > content.length || view.getUint32(offset) >= LAST_PIECE;
  const isTorn = !isMarked && content.subarray(offset).some((byte) => byte !== 0);
  return { records, lengthBytes: offset, isTorn };
}
