// Goal: a flag with a value that could never work is refused when it is given, not ignored or found out
//       when the first film is opened.
import { describe, expect, it } from "vitest";
import { engineTerms, playerOrigins } from "../../src/cli/engine-flags.ts";
import { Flags } from "../../src/cli/flags.ts";

describe("flags of an engine", () => {
  it.each([
    ["peer", "192.0.2.1"],
    ["dhtNode", "router.example"],
    ["dhtNode", "http://router.example:6881"],
    ["uploadTo", "nonsense"],
    ["downloadFrom", "10.0.0.0/33"],
    ["trustHost", "http://films.lan"],
    ["trustHost", "films.lan/folder"],
    ["tracker", "tracker.example:6969"],
  ])("refuse %s %s", (name, text) => {
    expect(() => engineTerms(new Flags({ [name]: [text] }))).toThrow(`not "${text}"`);
  });

  it("take what may work", () => {
    const given = {
      peer: ["192.0.2.1:6881"],
      dhtNode: ["router.example:6881", "[2001:db8::1]:6881"],
      uploadTo: ["192.0.2.1", "10.0.0.0/8"],
      downloadFrom: ["2001:db8::/32"],
      trustHost: ["films.lan", "10.0.0.2:8080", "[::1]:80"],
      tracker: ["udp://tracker.example:6969/announce"],
    };
    expect(engineTerms(new Flags(given))).toMatchObject({
      peers: given.peer,
      uploadTo: given.uploadTo,
      downloadFrom: given.downloadFrom,
      trustedHosts: given.trustHost,
      trackers: given.tracker,
      dht: { bootstrap: given.dhtNode },
    });
  });

  it("name web pages as browsers do", () => {
    const origin = ["https://tv.example", "http://localhost:8080", "moz-extension://0a1b"];
    expect(playerOrigins(new Flags({ origin }))).toEqual(origin);
    for (const wrong of ["tv.example", "https://tv.example/", "*"]) {
      expect(() => playerOrigins(new Flags({ origin: [wrong] }))).toThrow(`not "${wrong}"`);
    }
  });
});
