import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import * as fc from "fast-check";
import { type Canary, startCanary } from "./testing/canary.ts";
import { clientHello, socks4a, socks5 } from "./testing/corpus.ts";
import { type EgressServer, exchangeBytes, startEgressServer } from "./testing/egress-server.ts";

/** Changes to a request's bytes: which part, where in it (0 to 1), what is put there, and how many bytes it takes the place of. */
type Change = { readonly part: number; readonly at: number; readonly put: string; readonly over: number };

const TELLING = [
  "\0",
  "\r",
  "\n",
  "\r\n",
  " ",
  "\t",
  ".",
  ":",
  "@",
  "/",
  "\\",
  "#",
  "?",
  "%00",
  "%2e",
  "[",
  "]",
  "*",
  "evil.test",
  "127.0.0.9",
  "0x7f.1",
  "\xff",
];
const RUNS = 400;

describe("an allowed request, changed at random", () => {
  let allowed: Canary;
  let evil: Canary;
  let egress: EgressServer;
  let lookups: string[] = [];

  before(async () => {
    allowed = await startCanary({ address: "127.0.0.2", port: 0 });
    evil = await startCanary({ address: "127.0.0.9", port: allowed.port });
    egress = await startEgressServer({
      rules: [{ host: "allowed.test", port: allowed.port }],
      resolve: async (host) => {
        lookups.push(host);
        return [host === "allowed.test" ? "11.0.0.2" : "11.0.0.9"];
      },
      limits: { headMs: 40, idleMs: 500 },
    });
  });
  after(async () => {
    await egress[Symbol.asyncDispose]();
    await allowed[Symbol.asyncDispose]();
    await evil[Symbol.asyncDispose]();
  });

  it("never reaches what is not allowed, nor asks for its address", async () => {
    const at = `allowed.test:${allowed.port}`;
    const get = `GET / HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`;
    const originals: readonly (readonly string[])[] = [
      [`GET http://${at}/ HTTP/1.1\r\nHost: ${at}\r\nConnection: close\r\n\r\n`],
      [`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`, get],
      [`CONNECT ${at} HTTP/1.1\r\nHost: ${at}\r\n\r\n`, clientHello(["allowed.test"])],
      [...socks5("allowed.test", allowed.port), get],
      [socks4a("allowed.test", allowed.port), get],
    ];
    const change = fc.record({
      part: fc.nat(2),
      at: fc.double({ min: 0, max: 1, noNaN: true }),
      put: fc.oneof(fc.constantFrom(...TELLING), fc.string({ unit: "binary-ascii", maxLength: 3 })),
      over: fc.nat(12),
    });
    const changed = fc.record({
      original: fc.constantFrom(...originals),
      changes: fc.array(change, { minLength: 1, maxLength: 3 }),
    });
    allowed.reset();
    for (const original of originals) await exchangeBytes(egress.port, original);
    assert.equal(allowed.requests.length, originals.length - 1, "unchanged, all but the TLS greeting get through");
    await fc.assert(
      fc.asyncProperty(changed, async ({ original, changes }) => {
        lookups = [];
        allowed.reset();
        await exchangeBytes(egress.port, changes.reduce(applyChange, original));
        assert.equal(evil.connections, 0);
        assert.deepEqual(
          lookups.filter((host) => host !== "allowed.test"),
          [],
        );
        for (const { url, headers } of allowed.requests) {
          assert.equal(headers.host, at);
          assert.ok(url?.startsWith("/"), url);
        }
      }),
      { numRuns: RUNS },
    );
  });
});

function applyChange(parts: readonly string[], { part, at, put, over }: Change): readonly string[] {
  return parts.map((text, index) => {
    if (index !== part % parts.length) return text;
    const position = Math.floor(at * text.length);
    return text.slice(0, position) + put + text.slice(position + over);
  });
}
