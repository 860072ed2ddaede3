/**
 * Bitfields: which pieces somebody has. Ours, because the wire library's grows with what a peer says.
 *
 * Source  BEP 3: the high bit of the first byte is piece 0; spare bits at the end are zero.
 */
export class Bitfield {
  readonly size: number;
  readonly #bytes: Uint8Array;
  #count = 0;

  constructor(size: number) {
    this.size = size;
    this.#bytes = new Uint8Array(Math.ceil(size / 8));
  }

  /** Undefined when the length or a spare bit is wrong. */
  static read(bytes: Uint8Array, size: number): Bitfield | undefined {
    if (bytes.length !== Math.ceil(size / 8)) return undefined;
    const field = new Bitfield(size);
    for (let index = 0; index < bytes.length * 8; index += 1) {
      if (((bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) === 0) continue;
      if (index >= size) return undefined;
      field.set(index);
    }
    return field;
  }

  static full(size: number): Bitfield {
    const field = new Bitfield(size);
    for (let index = 0; index < size; index += 1) field.set(index);
    return field;
  }

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === this.size;
  }

  has(index: number): boolean {
    return ((this.#bytes[index >> 3] ?? 0) & (0x80 >> (index & 7))) !== 0;
  }

  set(index: number): void {
    if (index < 0 || index >= this.size || this.has(index)) return;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) | (0x80 >> (index & 7));
    this.#count += 1;
  }

  clear(index: number): void {
    if (!this.has(index)) return;
    this.#bytes[index >> 3] = (this.#bytes[index >> 3] ?? 0) & ~(0x80 >> (index & 7));
    this.#count -= 1;
  }

  toBytes(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }
}
