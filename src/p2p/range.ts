/**
 * Byte ranges of HTTP, one a request.
 *
 * Source  RFC 9110, section 14: a header that is not understood, or asks for several ranges, is
 *         ignored and the whole is answered; a range outside of the file is refused.
 */
export type RangeAnswer =
  | { readonly kind: "whole" }
  | { readonly kind: "part"; readonly offset: number; readonly length: number }
  | { readonly kind: "outside" };

/** Names of units know no case. However long a number is, it says where: beyond the file, that is. */
const SINGLE = /^bytes=(\d*)-(\d*)$/i;

export function readRange(header: string | undefined, totalBytes: number): RangeAnswer {
  const [matched, first = "", last = ""] = SINGLE.exec(header ?? "") ?? [];
  if (matched === undefined || (first === "" && last === "")) return { kind: "whole" };
  if (first === "") return suffix(Number(last), totalBytes);
  const offset = Number(first);
  const end = last === "" ? totalBytes - 1 : Math.min(Number(last), totalBytes - 1);
  if (last !== "" && Number(last) < offset) return { kind: "whole" };
  if (offset >= totalBytes) return { kind: "outside" };
  return { kind: "part", offset, length: end - offset + 1 };
}

/** The last `count` bytes. */
function suffix(count: number, totalBytes: number): RangeAnswer {
  if (count === 0 || totalBytes === 0) return { kind: "outside" };
  const length = Math.min(count, totalBytes);
  return { kind: "part", offset: totalBytes - length, length };
}
