// Goal: `ace-node/verify` says in a browser, and in a worker without a page, what it says in Node.
// Method: headless Chromium loads the module as it is published, types stripped, from a server on loopback,
//         and is given every vector of test/vectors/tokens.json.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { stripTypeScriptTypes } from "node:module";
import puppeteer, { type Browser, type Page } from "puppeteer-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { tokenVectors } from "../vectors/make-tokens.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-background-networking"];
const MODULE = /^\/src\/((?:access|lib|runtime)\/[a-z0-9-]+\.ts)$/;

const vectors = tokenVectors();
const tokens = [
  ...vectors.valid.map(({ token }) => ({ token, code: "good" })),
  ...vectors.refused.map(({ token, code }) => ({ token, code })),
];

/** Runs in the page and in the worker alike: the code of each verdict, in order. */
const JUDGE = `
  import { issuersOf, verifyToken } from "/src/access/verify.ts";
  export async function judge({ tokens, wanted, issuers }) {
    const known = await issuersOf(issuers);
    const codes = [];
    for (const { token } of tokens) {
      const verdict = await verifyToken(token, { ...wanted, issuers: known });
      codes.push(verdict.ok ? "good" : verdict.code);
    }
    return codes;
  }
`;
const WORKER = `
  import { judge } from "/judge.js";
  addEventListener("message", async ({ data }) => postMessage(await judge(data)));
`;

let server: Server;
let browser: Browser;
let page: Page;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = request.url ?? "/";
    const module = MODULE.exec(path)?.[1];
    const code = module === undefined ? scriptAt(path) : sourceOf(module);
    const type = code === undefined ? "text/html" : "text/javascript";
    response.writeHead(200, { "content-type": type });
    response.end(code ?? "<!doctype html><title>verify</title>");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  browser = await puppeteer.launch({ executablePath: CHROMIUM, args: FLAGS });
  page = await browser.newPage();
  await page.goto(`http://127.0.0.1:${port}/`);
});
afterAll(async () => {
  await browser.close();
  await new Promise<void>((resolve) => server.close(() => resolve()));
});

function scriptAt(path: string): string | undefined {
  if (path === "/judge.js") return JUDGE;
  return path === "/worker.js" ? WORKER : undefined;
}

function sourceOf(module: string): string {
  return stripTypeScriptTypes(
    readFileSync(new URL(`../../src/${module}`, import.meta.url), "utf8"),
  );
}

const given = JSON.stringify({ tokens, wanted: vectors.wanted, issuers: vectors.issuers });
const expected = tokens.map(({ code }) => code);

it("judges every vector in a page as in Node", async () => {
  const found = await page.evaluate(`import("/judge.js").then(({ judge }) => judge(${given}))`);
  expect(found).toEqual(expected);
});

it("judges every vector in a module worker, where there is no page", async () => {
  const found = await page.evaluate(`new Promise((resolve, reject) => {
    const worker = new Worker("/worker.js", { type: "module" });
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(${given});
  })`);
  expect(found).toEqual(expected);
});
