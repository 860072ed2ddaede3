// Consumes challenges without end, and says of each that it is on disk; it is killed in the middle of it.
import { writeSync } from "node:fs";
import { sha256Hex } from "../../src/lib/hash.ts";
import { openOutbox } from "../../src/store/outbox.ts";

const [folder = "", run = ""] = process.argv.slice(2);
using outbox = openOutbox(folder);
for (let number = 0; ; number += 1) {
  const challenge = sha256Hex(Buffer.from(`challenge ${run} ${number}`));
  if (outbox.consume(challenge, 2_000_000_000)) writeSync(1, `${challenge}\n`);
}
