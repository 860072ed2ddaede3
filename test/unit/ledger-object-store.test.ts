// Goal: a store over the web is safe to ask, however its server behaves.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import type { RequestListener, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openObjectStore } from "../../src/ledger/object-store.ts";
import { serve } from "../support/object-stores.ts";

const waits: number[] = [];
const pace = {
  wait: async (durationMs: number) => {
    waits.push(durationMs);
  },
  chance: () => 0,
};
const limits = { bytesMax: 1000 };

/** What one fetch of `a/b.gz` from a server that behaves so ends in. */
async function ask(answer: RequestListener, timeoutMs = 2000): Promise<unknown> {
  await using server = await serve(answer);
  waits.length = 0;
  const store = openObjectStore(`${server.url}/base/?key=1`, { pace, timeoutMs });
  try {
    const bytes = await store.fetchObject("a/b.gz", limits);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString();
  } catch (error) {
    return error;
  }
}

const reply =
  (status: number, headers: Record<string, string> = {}, body = "") =>
  (_request: unknown, response: ServerResponse): void => {
    response.writeHead(status, headers).end(body);
  };

/** One answer after another, the last for ever. */
function inTurn(...answers: readonly RequestListener[]): RequestListener {
  let turn = 0;
  return (request, response) => {
    answers[Math.min(turn, answers.length - 1)]?.(request, response);
    turn += 1;
  };
}

describe("a store over the web", () => {
  it("asks below its location, keeps the query, and wants nothing compressed", async () => {
    const asked: unknown[] = [];
    const body = await ask((request, response) => {
      asked.push(request.url, request.headers["accept-encoding"]);
      response.end("bytes");
    });
    expect(body).toBe("bytes");
    expect(asked).toEqual(["/base/a/b.gz?key=1", "identity"]);
  });

  it.each([404, 410])("takes HTTP %i for an object that is not there", async (status) => {
    expect(await ask(reply(status))).toBeUndefined();
  });

  it.each([204, 206, 401, 403, 500])(
    "takes HTTP %i for a source that gives nothing",
    async (status) => {
      expect(await ask(reply(status))).toMatchObject({ code: "LEDGER_NO_SOURCE" });
    },
  );

  it("waits as a busy server says, in seconds or until a date, and asks again", async () => {
    const date = new Date(Date.now() + 30_000).toUTCString();
    const busy = [
      reply(429, { "retry-after": "7" }),
      reply(503, { "retry-after": date }),
      reply(503),
    ];
    expect(await ask(inTurn(...busy, reply(200, {}, "late")))).toBe("late");
    const [seconds = 0, untilDate = 0, own = 0] = waits;
    expect(seconds).toBe(7000);
    expect(Math.abs(untilDate - 29_000)).toBeLessThanOrEqual(5000);
    expect(own).toBe(1000);
  });

  it("gives up on a server that stays busy, and is never told to wait for hours", async () => {
    const busy = reply(429, { "retry-after": "86400" });
    expect(await ask(busy)).toMatchObject({ code: "LEDGER_NO_SOURCE" });
    expect(waits).toEqual([60_000, 60_000, 60_000]);
  });
});

describe("a server that cannot be trusted", () => {
  it.each([
    ["a body over the limit", reply(200, {}, "x".repeat(1001)), "LEDGER_MALFORMED"],
    [
      "a web page in place of data",
      reply(200, { "content-type": "text/html" }, "<html>"),
      "LEDGER_MALFORMED",
    ],
    ["a circle of redirects", reply(302, { location: "/base/a/b.gz" }), "LEDGER_NO_SOURCE"],
    [
      "a redirect out of the web",
      reply(302, { location: "file:///etc/passwd" }),
      "LEDGER_NO_SOURCE",
    ],
    ["a redirect to nowhere", reply(302), "LEDGER_NO_SOURCE"],
  ])("is refused with %s", async (_what, answer, code) => {
    expect(await ask(answer)).toMatchObject({ code });
  });

  it("may redirect to another place of the web", async () => {
    const moved = inTurn(reply(307, { location: "/elsewhere" }), reply(200, {}, "there"));
    expect(await ask(moved)).toBe("there");
  });

  it("is given up when a body breaks off, drips or never comes", async () => {
    const cut: RequestListener = (_request, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 20);
    };
    const drip: RequestListener = (_request, response) => {
      response.writeHead(200).write("x");
      const timer = setInterval(() => response.write("x"), 20);
      response.on("close", () => clearInterval(timer));
    };
    const noSource = { code: "LEDGER_NO_SOURCE" };
    expect(await ask(cut)).toMatchObject(noSource);
    expect(await ask(drip, 200)).toMatchObject(noSource);
    expect(await ask(() => {}, 200)).toMatchObject({ message: expect.stringContaining("200 ms") });
  });

  it("may send a body byte by byte: it costs no more than its bytes", async () => {
    const [byte, count] = [new Uint8Array(1), 300_000];
    const body = () => ReadableStream.from(Array.from({ length: count }, () => byte));
    const store = openObjectStore("http://127.0.0.1", { fetch: async () => new Response(body()) });
    expect(await store.fetchObject("a", { bytesMax: count })).toHaveLength(count);
    const over = store.fetchObject("a", { bytesMax: count - 1 });
    await expect(over).rejects.toMatchObject({ code: "LEDGER_MALFORMED" });
  });

  it("is left at once on abort", async () => {
    await using server = await serve(() => {});
    const store = openObjectStore(server.url);
    const signal = AbortSignal.timeout(50);
    const asked = store.fetchObject("a", { ...limits, signal });
    await expect(asked).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("tells whether an object is there, which is not read", async () => {
    await using server = await serve((request, response) => {
      if (request.url !== "/big") return void response.writeHead(404).end();
      response.writeHead(200).end("x".repeat(1_000_000));
    });
    const store = openObjectStore(server.url);
    expect(await store.hasObject("big")).toBe(true);
    expect(await store.hasObject("small")).toBe(false);
  });
});

describe("a location", () => {
  it.each([
    "s3://bucket/lake",
    "ftp://host/lake",
    "http://",
    "http://user:pass@host/lake",
    "file://host/x",
  ])("is refused: %s", (location) => {
    const open = () => openObjectStore(location);
    expect(open).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
  });

  it("that carries a password is never repeated", () => {
    const open = () => openObjectStore("https://user:secret@host/lake");
    expect(open).toThrow('"https://host" must not carry a user name or password');
  });

  it("is left by no name", async () => {
    const store = openObjectStore("/tmp");
    for (const name of ["../etc/passwd", "a/../../b", "/etc/passwd", "a b", ""]) {
      await expect(store.fetchObject(name, limits)).rejects.toThrow("names of objects are ours");
    }
  });
});

describe("a store in a folder", () => {
  it("has what lies there, up to the limit", async () => {
    const folder = await mkdtemp(join(tmpdir(), "ace-store-"));
    await writeFile(join(folder, "small"), "bytes");
    await writeFile(join(folder, "large"), "x".repeat(1001));
    const store = openObjectStore(folder);
    expect(Buffer.from((await store.fetchObject("small", limits)) ?? []).toString()).toBe("bytes");
    expect(await store.fetchObject("small/below", limits)).toBeUndefined();
    expect(await store.hasObject("none")).toBe(false);
    const large = store.fetchObject("large", limits);
    await expect(large).rejects.toMatchObject({ code: "LEDGER_MALFORMED" });
    await rm(folder, { recursive: true });
    const gone = store.fetchObject("small", limits);
    await expect(gone).rejects.toThrow(`there is no folder ${folder}`);
  });
});
