/** Errors of an author's own folder: types, tests and the tools they need. */
export const authoringCatalogue = {
  TYPES_WRONG: {
    status: 422,
    exit: 1,
    hint: "Types are checked by TypeScript against the kit; `--no-check` builds without.",
  },
  TYPESCRIPT_MISSING: {
    status: 500,
    exit: 1,
    hint: "`npm install --save-dev typescript`, or build without types checked: `--no-check`.",
  },
  TEST_RUNNER_MISSING: {
    status: 500,
    exit: 1,
    hint: "`npm install` in the folder of package.json, or `npm install --save-dev vitest`.",
  },
  TESTS_MISSING: {
    status: 404,
    exit: 3,
    hint: "Tests are files whose names end in .test.ts; `ace contract new` makes one to start from.",
  },
  TESTS_FAILED: {
    status: 500,
    exit: 1,
    hint: "Each failure names the method, its code and the line of the contract.",
  },
  GAS_CHANGED: {
    status: 500,
    exit: 1,
    hint: "If the change is meant, `ace contract test --update` writes it down.",
  },
} as const;
