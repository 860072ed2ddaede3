/** A history as it is published: a lake, an archive and a quorum file in one folder, and its network.json. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { archivePublication } from "../../src/devnet/archive-writer.ts";
import { publishTo } from "../../src/devnet/files.ts";
import { lakePublication } from "../../src/devnet/lake-writer.ts";
import { ServedChain } from "../../src/devnet/served-chain.ts";
import type { History } from "./history.ts";

export interface Published {
  readonly lake: string;
  readonly archive: string;
  readonly quorumFile: string;
  readonly networkFile: string;
}

export function publish({ net, network }: History, folder: string): Published {
  const place = {
    lake: join(folder, "lake"),
    archive: join(folder, "archive"),
    quorumFile: join(folder, "quorum.json"),
    networkFile: join(folder, "network.json"),
  };
  publishTo(net, [
    { folder: place.lake, publication: lakePublication(new ServedChain(net, "lake")) },
    { folder: place.archive, publication: archivePublication(new ServedChain(net, "archive")) },
  ]);
  writeFileSync(place.quorumFile, JSON.stringify(net.quorumSet));
  writeFileSync(place.networkFile, JSON.stringify(network));
  return place;
}
