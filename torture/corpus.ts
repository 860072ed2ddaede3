/**
 * A corpus: a file of scripts, one object of JSON a line.
 *
 * Lines end in LF or CRLF; a byte order mark in front and lines without text are passed over. A file may
 * be larger than memory: it is read line by line, once to judge all of it, and once to run it.
 *
 * Errors  `CORPUS_INVALID` with the number of the line; `FILE_UNREADABLE`.
 */
import { createReadStream } from "node:fs";
import { AceError } from "../src/lib/errors.ts";
import { readScript, type Script } from "./script.ts";

/** The longest source a node would look at, with every character escaped, many times over. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
const LF = 10;
const CR = 13;
const SHOWN_MAX = 200;

/** Reads all of it, and gives the number of scripts. Nothing runs before every line is a script. */
export async function judgeCorpus(path: string): Promise<number> {
  let count = 0;
  for await (const _script of scriptsIn(path)) count += 1;
  if (count > 0) return count;
  throw new AceError("CORPUS_INVALID", `${path} holds no script`);
}

export async function* scriptsIn(path: string): AsyncGenerator<Script> {
  const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  let number = 0;
  for await (const bytes of linesIn(path)) {
    number += 1;
    const refuse = (reason: string): never => {
      throw new AceError("CORPUS_INVALID", `line ${number}: ${reason.slice(0, SHOWN_MAX)}`);
    };
    if (bytes.length > LINE_BYTES_MAX) refuse(`more than ${LINE_BYTES_MAX} bytes`);
    const text = decoded(utf8, bytes) ?? refuse("this is not UTF-8");
    const line = number === 1 ? text.replace(/^\ufeff/, "") : text;
    if (line.trim() === "") continue;
    const script = readScript(line);
    yield typeof script === "string" ? refuse(script) : script;
  }
}

function decoded(utf8: TextDecoder, bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    // Said by the caller, who knows the number of the line.
    return undefined;
  }
}

/** By bytes: what JavaScript calls the end of a line may stand inside a text of JSON. */
async function* linesIn(path: string): AsyncGenerator<Uint8Array> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of chunksOf(path)) {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      yield withoutCr(Buffer.concat([...rest, chunk.subarray(from, end)]));
      rest = [];
      size = 0;
      from = end + 1;
    }
    // A line that is far too long is cut: it is refused for its length anyway.
    if (size <= LINE_BYTES_MAX) rest.push(chunk.subarray(from));
    size += chunk.length - from;
  }
  if (size > 0) yield withoutCr(Buffer.concat(rest));
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of createReadStream(path)) yield Buffer.from(chunk);
  } catch (cause) {
    if (!(cause instanceof Error) || !("code" in cause)) throw cause;
    throw new AceError("FILE_UNREADABLE", `${path}: ${cause.message}`, { cause });
  }
}

function withoutCr(line: Buffer): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}
