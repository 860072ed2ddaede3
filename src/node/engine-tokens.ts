/** The tokens of an engine's contents: one source for each, for its swarm and for its keys. */
import { tokenSourceOf, type Viewer } from "./token-source.ts";

export interface TokenSource {
  token(): Promise<string>;
}

/** @param given Shown to peers instead of tokens of the viewer's own. */
export function engineTokens(viewer: Viewer, given: string | undefined) {
  const made = new Map<string, TokenSource>();
  return (contentId: string): TokenSource => {
    const source =
      made.get(contentId) ??
      (given === undefined ? tokenSourceOf(viewer, contentId) : { token: async () => given });
    made.set(contentId, source);
    return source;
  };
}
