import { defineConfig } from "vitest/config";

/** `forks` because native modules and child processes must die with their test file. */
const project = (name: string, include: string, testTimeout = 20_000) => ({
  test: { name, include: [include], testTimeout, hookTimeout: 60_000, pool: "forks" as const },
});

export default defineConfig({
  test: {
    projects: [
      project("tidy", "test/tidy.test.ts"),
      project("unit", "test/unit/**/*.test.ts"),
      project("property", "test/property/**/*.test.ts", 60_000),
      project("simulation", "test/simulation/**/*.test.ts", 180_000),
      project("e2e", "test/e2e/**/*.test.ts", 240_000),
      project("foreign", "test/foreign/**/*.test.ts", 240_000),
    ],
  },
});
