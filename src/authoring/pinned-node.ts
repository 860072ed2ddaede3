/**
 * Imported before all else where a test of an author's begins: under another Node the sandbox could
 * not be loaded, or would give other results than the rest of the network.
 *
 * Errors  `NODE_VERSION_WRONG`.
 */
import { AceError } from "../lib/errors.ts";

const WANTED_MAJOR = "26";
const [found] = process.versions.node.split(".");
if (found !== WANTED_MAJOR) {
  const what = `this is Node ${process.versions.node}; contracts run under Node ${WANTED_MAJOR}`;
  throw new AceError("NODE_VERSION_WRONG", `${what}: \`npx ace contract test\` brings it along`);
}
