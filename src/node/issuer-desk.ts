/**
 * What a node tells of issuers: its own word, where it is one of them, and what it has heard of the others,
 * so that who asks one node has the votes of all.
 */
import { loadDeviceKey } from "../access/device-key.ts";
import { type IssuerEntry, thumbprint } from "../access/issuer-set.ts";
import { IssuerSpeaker } from "../access/issuer-speaker.ts";
import type { IssuerPorts } from "../api/issuers.ts";
import { openNodeClient } from "../client/http.ts";
import { toHex } from "../lib/bytes.ts";
import type { Clock } from "../lib/clock.ts";
import type { Events } from "../lib/events.ts";
import type { ChainLink } from "../store/store.ts";
import { followIssuers } from "./issuer-feed.ts";
import { openKeptRoll } from "./issuer-file.ts";
import type { AccessGuard } from "./policy.ts";
import { followRevocations } from "./revocation-feed.ts";

export interface IssuerDeskParts {
  readonly guard: AccessGuard;
  /** Those of network.json. */
  readonly founding: readonly IssuerEntry[];
  readonly dataDir: string;
  /** Of a node that issues tokens: the account, and the seed of its token key. */
  readonly operator: { readonly account: string; readonly tokenSeed: string } | undefined;
  readonly tip: () => ChainLink | undefined;
  /** Where other issuers' nodes answer. */
  readonly nodes: readonly string[];
  readonly events: Events;
  readonly clock: Clock;
}

export interface IssuerDesk extends AsyncDisposable {
  readonly ports: IssuerPorts;
  /** What the state of this ledger says, told after it is applied. */
  readonly onRead: (entries: readonly IssuerEntry[], sequence: number) => void;
}

export function openIssuerDesk(parts: IssuerDeskParts): IssuerDesk {
  const { guard, founding, dataDir, tip, nodes, events, clock } = parts;
  const { net } = guard;
  const kept = openKeptRoll({ net, founding, dir: dataDir, events });
  const speaker = speakerOf(parts);
  const stop = new AbortController();
  const following = nodes.flatMap((url) => {
    const node = openNodeClient(url, stop.signal);
    return [
      followIssuers({ node, kept, onHeard: () => {}, events }, stop.signal),
      followRevocations({ node, guard, events, clock }, stop.signal),
    ];
  });
  return {
    ports: {
      issuers: (sinceLedger) => {
        const words = [...kept.roll.words(sinceLedger)];
        const own = speaker?.word;
        // Who is new is not known yet to those who are asked before him.
        const isLeftOut = own !== undefined && words.every(({ body }) => body !== own.body);
        return { words: isLeftOut ? [...words, own] : words };
      },
    },
    onRead: (entries, sequence) => {
      const link = tip();
      if (link?.sequence !== sequence) return;
      const { ledgerHash, closeTime } = link;
      const at = { ledger: sequence, ledgerHash, closeTimeS: Number(closeTime), entries };
      const word = speaker?.speak(at);
      if (word !== undefined) kept.hear([word]);
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(following);
    },
  };
}

function speakerOf({ operator, guard }: IssuerDeskParts): IssuerSpeaker | undefined {
  if (operator === undefined) return undefined;
  const { account, tokenSeed: seed } = operator;
  const publicKey = toHex(loadDeviceKey(seed).publicKey);
  return new IssuerSpeaker({
    account,
    kid: thumbprint(publicKey),
    publicKey,
    seed,
    net: guard.net,
  });
}
