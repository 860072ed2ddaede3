/** The part of the skip reader that is the same whatever the schemas say. */
export const preamble = `/**
 * Skip functions: each walks over one XDR value without building it and answers where it ends.
 *
 * Made by \`npm run generate\` from the SDK's schemas; never changed by hand.
 *
 * Range   Nested at most \`DEPTH_MAX\`, counted as the SDK counts.
 * Errors  \`RangeError\` naming the offset, for whatever the SDK's decoder would refuse.
 */
const DEPTH_MAX = 400;

function refuse(o: number, what: string): never {
  throw new RangeError(\`XDR at byte \${o}: \${what}\`);
}

function tooDeep(o: number): never {
  refuse(o, "nested too deeply");
}

function unknown(v: DataView, o: number, type: string): never {
  refuse(o, \`\${type} knows no \${v.getInt32(o)}\`);
}

function within(v: DataView, o: number): number {
  if (o > v.byteLength) refuse(v.byteLength, "the value is cut off");
  return o;
}

function flag(v: DataView, o: number): number {
  const value = v.getUint32(o);
  if (value > 1) refuse(o, "a flag is neither 0 nor 1");
  return value;
}

function range(v: DataView, o: number, first: number, last: number, type: string): void {
  const value = v.getInt32(o);
  if (value < first || value > last) unknown(v, o, type);
}

/** Elements of an array whose size varies; each has at least one byte. */
function count(v: DataView, o: number, max: number): number {
  const length = v.getUint32(o);
  if (length > max || length > v.byteLength - o) refuse(o, "an array is too long");
  return length;
}

/** An array whose elements are all of \`size\` bytes. */
function items(v: DataView, o: number, max: number, size: number): number {
  const length = v.getUint32(o);
  if (length > max || length * size > v.byteLength - o - 4) refuse(o, "an array is too long");
  return o + 4 + length * size;
}

function bytes(v: DataView, o: number, max: number): number {
  const length = v.getUint32(o);
  if (length > max || length > v.byteLength - o - 4) refuse(o, "bytes are too long");
  const end = o + 4 + length;
  const over = length & 3;
  if (over === 0) return end;
  const padded = end + 4 - over;
  // The last word holds what is over, then zeros.
  if ((v.getUint32(padded - 4) << (over * 8)) !== 0) refuse(o, "padding is not zero");
  return padded;
}`;
