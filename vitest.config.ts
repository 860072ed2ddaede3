import { defineConfig } from "vitest/config";
import { BUNDLES, PROCESS_SPAWN } from "./test/support/plain-package.ts";

/** What the tests of examples import by the package's name is the source itself. */
const testing = new URL("src/authoring/contract-testing.ts", import.meta.url).pathname;
const resolve = {
  alias: [
    { find: "ace-node/contract-testing", replacement: testing },
    // Contract processes start from plain JavaScript: they load in half the time of the sources.
    // This is how the runtime itself imports it; tests of that file reach the source.
    { find: /^\.\/process-spawn\.ts$/, replacement: PROCESS_SPAWN },
  ],
};

/** 525 modules that most tests load: bundled once, each test file starts half a second earlier. */
const bundled = ["@stellar/stellar-sdk", "@stellar/stellar-sdk/base"];

/** On a machine shared with others a real process may be starved once; a fault fails twice. */
const retry = process.env["CI"] === undefined ? 0 : 1;

/** `forks` because native modules and child processes must die with their test file. */
const project = (name: string, include: string | string[], testTimeout = 60_000) => ({
  resolve,
  cacheDir: BUNDLES,
  test: {
    name,
    include: [include].flat(),
    testTimeout,
    retry,
    hookTimeout: 60_000,
    deps: { optimizer: { ssr: { enabled: name !== "tidy", include: bundled } } },
    globalSetup: "test/support/before-all.ts",
    pool: "forks" as const,
  },
});

export default defineConfig({
  test: {
    // By default one core is left to Vitest itself, which is half of a small machine and mostly idle.
    maxWorkers: "100%",
    projects: [
      project("tidy", "test/tidy.test.ts"),
      project("unit", ["test/unit/**/*.test.ts", "contracts-examples/**/*.test.ts"]),
      project("property", "test/property/**/*.test.ts", 120_000),
      project("simulation", "test/simulation/**/*.test.ts", 180_000),
      project("e2e", "test/e2e/**/*.test.ts", 240_000),
      project("foreign", "test/foreign/**/*.test.ts", 240_000),
    ],
  },
});
