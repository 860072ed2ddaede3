/** Durations as people write them: `30d`, `72h`, `15m`, `45s`. */
import { AceError } from "../lib/errors.ts";

const SECONDS = { s: 1n, m: 60n, h: 3_600n, d: 86_400n } as const;
const DURATION = /^(\d{1,6})([smhd])$/;

/** In seconds. Errors `USAGE`. */
export function parseDuration(text: string): bigint {
  const [, count, unit] = DURATION.exec(text) ?? [];
  if (count !== undefined && (unit === "s" || unit === "m" || unit === "h" || unit === "d")) {
    return BigInt(count) * SECONDS[unit];
  }
  throw new AceError("USAGE", `"${text}" is not a duration such as 30d, 72h, 15m or 45s`);
}
