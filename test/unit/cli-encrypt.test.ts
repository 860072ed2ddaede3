// Goal: what cannot be published as it is asked for is refused before anything is encrypted or sent.
import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { encryptionWords, requirePrivateWay } from "../../src/cli/encrypt-content.ts";
import { makeHome } from "./cli-process.ts";

it.each([
  ["--encrypt without a licence", ["--encrypt", "hls"], "--licence"],
  ["--encrypt with something else", ["--encrypt", "rot13", "--licence", "257"], "hls, file"],
  ["--seed of what is not encrypted", ["--seed", "open", "--licence", "257"], "--encrypt"],
])("%s is refused in words", async (_what, words, told) => {
  using home = makeHome();
  const film = home.file("film.mp4", "film", 0o644);
  const { exitCode, stderr } = await home.ace(["content", "publish", film, ...words]);
  expect(stderr).toContain("error[USAGE]");
  expect(stderr).toContain(told);
  expect(exitCode).toBe(2);
  expect(readdirSync(home.path)).not.toContain("node");
});

it("a key goes to this machine, or by https", () => {
  for (const url of ["http://127.0.0.1:7070", "http://localhost:1", "https://node.example"]) {
    expect(() => requirePrivateWay(url)).not.toThrow();
  }
  for (const url of [
    "http://node.example:7070",
    "http://10.0.0.7:7070",
    "http://127.0.0.1.evil/",
  ]) {
    const refused = expect.objectContaining({ code: "CONFIG_INVALID" });
    expect(() => requirePrivateWay(url)).toThrow(refused);
  }
});

it("a stream whose keys would go over a network in the clear is refused before anything else", async () => {
  using home = makeHome();
  const film = home.file("film.ts", "film", 0o644);
  const words = ["match", "--from", film, "--licence", "257", "--encrypt"];
  const { stderr } = await home.ace(["stream", "source", ...words, "--node", "http://10.0.0.7:1"]);
  expect(stderr).toContain("error[CONFIG_INVALID]");
  expect(stderr).toContain("without https");
  expect(readdirSync(home.path)).not.toContain("live");
});

it("people are told what is encrypted and who carries it", () => {
  expect(encryptionWords({})).toBe("none: it travels in the clear");
  const open = { encryption: "hls", seed: "open" } as const;
  expect(encryptionWords(open)).toBe("HLS segments, AES-128; anybody may carry it");
  const own = { encryption: "file", seed: "licensed" } as const;
  expect(encryptionWords(own)).toBe("the file, AES-256; licence holders carry it");
});
