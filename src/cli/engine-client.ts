/** Asks a running engine of this machine what it does. Errors `ENGINE_UNREACHABLE`. */
import { z } from "zod";
import { AceError } from "../lib/errors.ts";
import { type EngineOverview, EngineOverviewSchema } from "../p2p/player-overview.ts";

const ANSWER_MS = 5_000;
const TokenAnswer = z.object({ result: z.object({ token: z.string() }) });

export async function readOverview(url: string, signal: AbortSignal): Promise<EngineOverview> {
  const tokenUrl = `${url}/server/api?api_version=3&method=get_api_access_token`;
  const { result } = await ask(tokenUrl, TokenAnswer, { signal });
  const headers = { authorization: `Bearer ${result.token}` };
  return await ask(`${url}/v1/streams`, EngineOverviewSchema, { signal, headers });
}

async function ask<Schema extends z.ZodType>(
  url: string,
  schema: Schema,
  init: { readonly signal: AbortSignal; readonly headers?: Readonly<Record<string, string>> },
): Promise<z.infer<Schema>> {
  const { signal, headers = {} } = init;
  try {
    const response = await fetch(url, {
      headers,
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]),
    });
    return schema.parse(await response.json());
  } catch (cause) {
    signal.throwIfAborted();
    const { origin } = new URL(url);
    throw new AceError("ENGINE_UNREACHABLE", `no engine answers at ${origin}`, { cause });
  }
}
