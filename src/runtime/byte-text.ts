/** Byte text: one character a byte, the form in which bytes cross into the sandbox and sort as bytes. */

export function toByteText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}

export function fromByteText(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "latin1"));
}
