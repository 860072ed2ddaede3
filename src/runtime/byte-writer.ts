/** Bytes written one after the other into a buffer that grows: numbers, integers and byte strings. */
import { INTEGER_TEXT, LONG_NUMBER, NUMBER_BYTES_MAX } from "./wire-numbers.ts";

const START_BYTES = 4_096;
const BYTE = 256;

export class ByteWriter {
  #buffer = Buffer.allocUnsafe(START_BYTES);
  #length = 0;

  /** A whole number from 0 to 2^53 - 1. */
  number(value: number): void {
    this.#reserve(1 + NUMBER_BYTES_MAX);
    if (value < LONG_NUMBER) {
      this.#buffer[this.#length] = value;
      this.#length += 1;
      return;
    }
    let bytes = 1;
    for (let rest = value; rest >= BYTE; rest = Math.floor(rest / BYTE)) bytes += 1;
    this.#buffer[this.#length] = LONG_NUMBER + bytes - 1;
    let rest = value;
    for (let place = this.#length + bytes; place > this.#length; place -= 1) {
      this.#buffer[place] = rest % BYTE;
      rest = Math.floor(rest / BYTE);
    }
    this.#length += 1 + bytes;
  }

  /** Of any size; below zero and beyond 2^53 as decimal text. */
  integer(value: bigint): void {
    const number = Number(value);
    if (number >= 0 && Number.isSafeInteger(number)) {
      this.number(number);
      return;
    }
    this.#reserve(1);
    this.#buffer[this.#length] = INTEGER_TEXT;
    this.#length += 1;
    this.text(value.toString());
  }

  /** Its length, then one byte a character. */
  text(byteText: string): void {
    this.number(byteText.length);
    this.#reserve(byteText.length);
    this.#length += this.#buffer.write(byteText, this.#length, "latin1");
  }

  bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    this.raw(bytes);
  }

  /** Without their length. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#buffer.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** Hexadecimal text as the bytes that it stands for, without their length. */
  hex(text: string): void {
    this.#reserve(text.length >> 1);
    this.#length += this.#buffer.write(text, this.#length, "hex");
  }

  /** A view: valid until more is written. */
  written(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  #reserve(more: number): void {
    const need = this.#length + more;
    if (need <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(need, 2 * this.#buffer.length));
    grown.set(this.written());
    this.#buffer = grown;
  }
}
