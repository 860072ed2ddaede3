/** What a record names for a node, before it is signed: once published, nobody can change it. */
import { AceError } from "../lib/errors.ts";
import { isAnyHost } from "../node/config.ts";

interface Named {
  readonly tracker: string;
  /** `host:port`. */
  readonly peer: string;
  readonly webSeed?: string | undefined;
}

/** Errors `CONFIG_INVALID` where the node knows no address of its own that others could ask. */
export function demandReachable(nodeUrl: string, { tracker, peer, webSeed }: Named): void {
  const places = [tracker, `peer://${peer}`, ...(webSeed === undefined ? [] : [webSeed])];
  const lost = places.find((place) => isNowhere(place));
  if (lost === undefined) return;
  const { hostname } = new URL(lost);
  const what = `the node at ${nodeUrl} names ${hostname}, where nobody could reach what is published`;
  const how = "start it with --public-host and the address that others reach it at";
  throw new AceError("CONFIG_INVALID", `${what}: ${how}`);
}

function isNowhere(place: string): boolean {
  return URL.canParse(place) && isAnyHost(new URL(place).hostname.replace(/^\[|\]$/g, ""));
}
