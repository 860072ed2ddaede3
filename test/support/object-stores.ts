// Object stores for tests: in memory, or behind a web server of this machine.
import { readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import { join } from "node:path";
import type { ObjectStore } from "../../src/ledger/object-store.ts";

export type Files = Map<string, Uint8Array>;

/** Every file below `folder`, by its name there. */
export function filesIn(folder: string): Files {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const path = join(entry.parentPath, entry.name);
        return [path.slice(folder.length).replace(/^\//, ""), readFileSync(path)];
      }),
  );
}

export function memoryStore(files: Files): ObjectStore {
  return {
    location: "memory",
    fetchObject: async (name) => files.get(name),
    hasObject: async (name) => files.has(name),
  };
}

export interface TestServer {
  readonly url: string;
  /** Paths that were asked for, in order. */
  readonly asked: readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
}

/** A web server on a free port of this machine. */
export async function serve(answer: RequestListener): Promise<TestServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? "");
    answer(request, response);
  });
  const { promise, resolve } = Promise.withResolvers<void>();
  server.listen(0, "127.0.0.1", () => resolve());
  await promise;
  const address = server.address();
  const port = typeof address === "object" ? address?.port : undefined;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

/** The files as a web server gives them, under `/data/`. */
export function serveFiles(files: Files): Promise<TestServer> {
  return serve((request, response) => {
    const body = files.get((request.url ?? "").replace(/^\/data\//, ""));
    response.writeHead(body === undefined ? 404 : 200);
    response.end(body);
  });
}
