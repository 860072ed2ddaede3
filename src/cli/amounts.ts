/** Sizes, rates and times in words a person reads at a glance. Units: bytes, milliseconds. */

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Three digits and a unit: `12.3 MB`. */
export function sizeText(bytes: number): string {
  const power = UNITS.findLastIndex((_, index) => index === 0 || bytes >= 1_000 ** index);
  const value = bytes / 1_000 ** power;
  const digits = power === 0 || value >= 100 ? 0 : 1;
  return `${value.toFixed(digits)} ${UNITS[power]}`;
}

export function rateText(bytesPerS: number): string {
  return `${sizeText(bytesPerS)}/s`;
}

/** `8.4 s`, `2:05` or `1:02:03`. */
export function timeText(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const parts = [
    Math.floor(seconds / 3_600),
    Math.floor(seconds / 60) % 60,
    Math.floor(seconds) % 60,
  ];
  const [hours = 0, minutes = 0, rest = 0] = parts;
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** A bar of `cells` characters, `part` of it filled. */
export function barText(part: number, cells: number): string {
  const filled = Math.round(Math.min(1, Math.max(0, part)) * cells);
  return "█".repeat(filled) + "░".repeat(cells - filled);
}
