/** The process behind `ace`: arguments in, exit code out. `bin/ace.mjs` loads it. */
import { flushed, leaveQuietlyOnClosedPipe } from "./pipes.ts";
import { runProgram } from "./program.ts";

leaveQuietlyOnClosedPipe();
const exitCode = await runProgram(process.argv.slice(2));
await flushed();
process.exit(exitCode);
