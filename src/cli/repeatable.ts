import { Option } from "commander";

/** A flag that may be given several times; its values come together in order. */
export function repeatable(flags: string, description: string): Option {
  const collect = (value: string, before: unknown): readonly string[] => [
    ...(Array.isArray(before) ? before.map(String) : []),
    value,
  ];
  return new Option(flags, description).argParser(collect);
}
