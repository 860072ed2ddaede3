// Goal: an input that gives nothing costs nothing, is told of, and can always be stopped.
// Method: real files, a real named pipe and a real HTTP server, read as the source reads them.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fileIngest, httpIngest } from "../../src/p2p/live-ingest.ts";
import { awaitOpening } from "../../src/p2p/live-opening.ts";
import { makeTs } from "../support/ts-maker.ts";

const folder = mkdtempSync(join(tmpdir(), "ace-idle-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const never = new AbortController().signal;

it.each([0, 300])("a file of %i bytes that begins anew without end is no stream", async (size) => {
  const path = join(folder, `${size}.ts`);
  writeFileSync(path, new Uint8Array(size));
  const opening = awaitOpening(fileIngest(path, true, never), never);
  await expect(opening).rejects.toMatchObject({ code: "MEDIA_INVALID" });
});

it("a named pipe is read when somebody writes to it, and ends with what is written", async () => {
  const path = join(folder, "written");
  execFileSync("mkfifo", [path]);
  const film = makeTs({ seconds: 2 });
  const writing = writeFile(path, film);
  const bytes: Uint8Array[] = [];
  for await (const chunk of fileIngest(path, false, never)) {
    if (chunk instanceof Uint8Array) bytes.push(chunk);
  }
  await writing;
  expect(Buffer.concat(bytes)).toEqual(film);
});

it("a named pipe that nobody writes to is waited for until it is stopped", async () => {
  const path = join(folder, "idle");
  execFileSync("mkfifo", [path]);
  const over = new AbortController();
  const opening = awaitOpening(fileIngest(path, false, over.signal), over.signal);
  setTimeout(() => over.abort(new Error("stopped")), 50);
  await expect(opening).rejects.toThrow("stopped");
});

it("a server whose answer is empty is told of", async () => {
  const server = createServer((_, response) => response.end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const bound = server.address();
  const port = typeof bound === "object" && bound !== null ? bound.port : 0;
  const over = new AbortController();
  const reasons: unknown[] = [];
  const warn = (_: string, fields: Readonly<Record<string, unknown>> = {}) => {
    reasons.push(fields["reason"]);
    over.abort();
  };
  const ingest = httpIngest(`http://127.0.0.1:${port}/`, { info: () => {}, warn }, over.signal);
  await expect(awaitOpening(ingest, over.signal)).rejects.toThrow();
  expect(reasons).toEqual(["an answer of no bytes"]);
  server.close();
});
