// Goal: nothing is published that names an address at which nobody could reach the node.
import { expect, it } from "vitest";
import { demandReachable } from "../../src/cli/named-addresses.ts";

const named = { tracker: "http://192.0.2.7:7072/announce", peer: "192.0.2.7:7071" };

it.each([
  { ...named, peer: "0.0.0.0:7071" },
  { ...named, peer: "[::]:7071" },
  { ...named, tracker: "http://0.0.0.0:7072/announce" },
  { ...named, tracker: "http://[::]:7072/announce" },
  { ...named, webSeed: "http://0.0.0.0:7073/webseed/" },
])("$tracker, $peer and $webSeed are not published", (swarming) => {
  expect(() => demandReachable("http://127.0.0.1:7070", swarming)).toThrow("--public-host");
});

it("an address of this machine is published: viewers may be on it", () => {
  const own = { tracker: "http://127.0.0.1:7072/announce", peer: "[::1]:7071" };
  for (const swarming of [named, own, { ...own, webSeed: "https://films.example/" }]) {
    expect(() => demandReachable("http://127.0.0.1:7070", swarming)).not.toThrow();
  }
});
