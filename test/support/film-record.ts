/** The record of a made film that a licence opens and one node seeds, signed by somebody. */
import { Keypair } from "@stellar/stellar-sdk";
import {
  type ContentRecord,
  describeTorrent,
  type SignedContentRecord,
  signContentRecord,
} from "../../src/p2p/content-record.ts";
import type { Film } from "../unit/p2p-kit.ts";

export interface FilmTerms {
  readonly licence: bigint;
  /** Id of the service network. */
  readonly network: string;
  /** What viewers are told of the node that seeds. */
  readonly seed: { readonly peerAddress: string; readonly serverKey: string };
}

export async function filmRecord(
  { torrent, torrentBytes }: Film,
  { licence, network, seed }: FilmTerms,
  changes: Partial<ContentRecord> = {},
): Promise<SignedContentRecord> {
  const publisher = Keypair.random();
  const record: ContentRecord = {
    v: 1,
    title: "A film",
    mime: "video/mp4",
    access: "gated",
    contract: licence.toString(),
    network,
    trackers: [],
    peers: [seed.peerAddress],
    serverKeys: [seed.serverKey],
    publisher: publisher.publicKey(),
    publishedAtS: 1_800_000_000,
    torrent: Buffer.from(torrentBytes).toString("base64"),
    ...describeTorrent(torrent),
    ...changes,
  };
  return await signContentRecord(record, { sign: (bytes) => publisher.sign(Buffer.from(bytes)) });
}
