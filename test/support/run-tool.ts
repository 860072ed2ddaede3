/** Programs as their users start them, and all that they say. */
import { spawn } from "node:child_process";

export interface ToolRun {
  readonly code: number | null;
  readonly text: string;
}

export async function run(program: string, ...words: readonly string[]): Promise<ToolRun> {
  return await new Promise((resolve, reject) => {
    const child = spawn(program, words, { stdio: ["ignore", "pipe", "pipe"] });
    const chunks: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => chunks.push(chunk));
    child.on("error", () => {
      reject(new Error(`${program} cannot be started: apt-get install ${program}`));
    });
    child.on("close", (code) => resolve({ code, text: Buffer.concat(chunks).toString() }));
  });
}
