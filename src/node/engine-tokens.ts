/** The tokens of an engine's contents: one source for each, for its swarm and for its keys. */
import { parseToken } from "../access/token-form.ts";
import { type HeldTokens, tokenSourceOf, type Viewer } from "./token-source.ts";

export interface TokenSource {
  token(): Promise<string>;
}

export interface EngineTokens {
  of(contentId: string): TokenSource;
  /** For how many seconds the token of a content is good; undefined where there is none. */
  leftS(contentId: string): number | undefined;
}

/** @param given Shown to peers instead of tokens of the viewer's own. */
export function engineTokens(viewer: Viewer, given: string | undefined): EngineTokens {
  const made = new Map<string, HeldTokens>();
  const nowS = () => viewer.clock.nowMs() / 1_000;
  const sourceOf = (contentId: string): HeldTokens => {
    if (given === undefined) return tokenSourceOf(viewer, contentId);
    const parsed = parseToken(given);
    const endS = parsed.ok ? parsed.claims.exp : undefined;
    return {
      token: async () => given,
      leftS: () => (endS === undefined ? undefined : endS - nowS()),
    };
  };
  return {
    of: (contentId) => {
      const source = made.get(contentId) ?? sourceOf(contentId);
      made.set(contentId, source);
      return source;
    },
    leftS: (contentId) => made.get(contentId)?.leftS(),
  };
}
