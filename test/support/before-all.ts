/** What Vitest runs before all tests, and again before it repeats some of them. */
import type { TestProject } from "vitest/node";
import { makePlainPackage } from "./plain-package.ts";

export function setup(project: TestProject): void {
  makePlainPackage();
  project.onTestsRerun(makePlainPackage);
}
