/**
 * A few words of EVM assembly: enough to write one small contract by hand and read it again.
 *
 * `PUSH 5` pushes the number in as few bytes as hold it, `@name` the place of the label `name:`.
 * Source  The Ethereum Yellow Paper, appendix H (opcodes).
 */
const OPCODES: Readonly<Record<string, number>> = {
  ADD: 0x01,
  MUL: 0x02,
  SUB: 0x03,
  DIV: 0x04,
  LT: 0x10,
  ISZERO: 0x15,
  KECCAK256: 0x20,
  CALLER: 0x33,
  CALLVALUE: 0x34,
  CALLDATALOAD: 0x35,
  POP: 0x50,
  MSTORE: 0x52,
  SLOAD: 0x54,
  SSTORE: 0x55,
  JUMPI: 0x57,
  GAS: 0x5a,
  DUP1: 0x80,
  DUP2: 0x81,
  DUP4: 0x83,
  DUP6: 0x85,
  SWAP1: 0x90,
  LOG1: 0xa1,
  CALL: 0xf1,
  RETURN: 0xf3,
  REVERT: 0xfd,
};
const PUSH1 = 0x60;
const JUMPDEST = 0x5b;

/** Bytecode of the words, in hexadecimal. */
export function assemble(text: string): string {
  const words = text.split(/\s+/).filter((word) => word !== "");
  const labels = new Map<string, number>();
  // Once to learn where the labels are, once to use them: a label's place takes two bytes always.
  codeOf(words, labels);
  return Uint8Array.from(codeOf(words, labels)).toHex();
}

function codeOf(words: readonly string[], labels: Map<string, number>): readonly number[] {
  const code: number[] = [];
  for (const [index, word] of words.entries()) {
    if (word.endsWith(":")) labels.set(word.slice(0, -1), code.length);
    if (words[index - 1] === "PUSH") code.push(...pushed(bytesOf(BigInt(word))));
    else if (word !== "PUSH") code.push(...wordCode(word, labels));
  }
  return code;
}

function wordCode(word: string, labels: ReadonlyMap<string, number>): readonly number[] {
  if (word.endsWith(":")) return [JUMPDEST];
  if (word.startsWith("@")) {
    const place = labels.get(word.slice(1)) ?? 0;
    return pushed(Uint8Array.of(place >> 8, place & 255));
  }
  const opcode = OPCODES[word];
  if (opcode === undefined) throw new Error(`no opcode ${word}`);
  return [opcode];
}

function pushed(bytes: Uint8Array): readonly number[] {
  return [PUSH1 + bytes.length - 1, ...bytes];
}

function bytesOf(value: bigint): Uint8Array {
  const digits = value.toString(16);
  return Uint8Array.fromHex(digits.length % 2 === 0 ? digits : `0${digits}`);
}
