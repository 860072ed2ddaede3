/**
 * An access token that is given rather than asked for: by flag, or out of sight of other processes of
 * this machine by file, standard input or `ACE_TOKEN`. A flag wins over the environment.
 *
 * Errors  `FILE_UNREADABLE`; `TOKEN_INVALID` for text that has not the form of a token, before anybody is
 *         asked; `USAGE` for two tokens. Whether it opens anything its peers say.
 */
import { open } from "node:fs/promises";
import { TOKEN_MAX_BYTES } from "../access/token-form.ts";
import { AceError } from "../lib/errors.ts";
import type { Context } from "./context.ts";
import type { Flags } from "./flags.ts";

/** A token, and what an editor or `echo` puts after it. */
const TEXT_BYTES_MAX = TOKEN_MAX_BYTES + 16;
const PARTS = /^[\w-]+=*\.[\w-]+=*\.[\w-]+=*$/;

export async function givenToken(
  { terminal, environment }: Pick<Context, "terminal" | "environment">,
  flags: Flags,
): Promise<string | undefined> {
  const byFlag = flags.text("token");
  const file = flags.text("tokenFile");
  if (byFlag !== undefined && file !== undefined) {
    throw new AceError("USAGE", "--token and --token-file are two tokens; give one");
  }
  if (byFlag !== undefined) return formed(byFlag, "--token");
  if (file === "-") return formed(await terminal.readAll(TEXT_BYTES_MAX), "standard input");
  if (file !== undefined) return formed(await readToken(file), file);
  const kept = environment["ACE_TOKEN"] ?? "";
  return kept === "" ? undefined : formed(kept, "ACE_TOKEN");
}

/** No more than a token is read, whatever the file is: it may be a pipe. */
async function readToken(path: string): Promise<string> {
  try {
    await using file = await open(path, "r");
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    for await (const chunk of file.createReadStream({ end: TEXT_BYTES_MAX, autoClose: false })) {
      const bytes = Buffer.from(chunk);
      sizeBytes += bytes.length;
      chunks.push(bytes);
      if (sizeBytes > TEXT_BYTES_MAX) return "";
    }
    return Buffer.concat(chunks).toString("utf8");
  } catch (cause) {
    throw new AceError("FILE_UNREADABLE", `the token in ${path} cannot be read`, { cause });
  }
}

function formed(text: string, place: string): string {
  const token = text.trim();
  if (token.length <= TOKEN_MAX_BYTES && PARTS.test(token)) return token;
  throw new AceError("TOKEN_INVALID", `what ${place} holds is not of the form of an access token`);
}
