import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Canary, startCanary } from "./testing/canary.ts";
import { type CanaryName, type CorpusCase, makeCorpus } from "./testing/corpus.ts";
import { type EgressServer, exchangeBytes, startEgressServer } from "./testing/egress-server.ts";
import { specialAddress } from "./testing/hostile-hosts.ts";

/** Where the canaries are. What nobody knows stands for `evil`, and every special address for `special`: a bypass would be seen. */
const PLACES: Readonly<Record<CanaryName | "evil" | "special", string>> = {
  local: "127.0.0.1",
  local6: "::1",
  allowed: "127.0.0.2",
  wild: "127.0.0.3",
  special: "127.0.0.8",
  evil: "127.0.0.9",
};
const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  "allowed.test": ["11.0.0.2"],
  "mixed.test": ["11.0.0.2", "127.0.0.1"],
  "mixed6.test": ["11.0.0.2", "::1"],
  "nonsense.test": ["not an address"],
  "empty.test": [],
  "dead.test": ["11.0.0.77"],
};
const UNPRINTABLE = /[^\x20-\x7e\u00a1-\uffff]/;

const canaries = new Map<string, Canary>();
const first = await startCanary({ address: PLACES.allowed, port: 0 });
canaries.set("allowed", first);
for (const [name, address] of Object.entries(PLACES)) {
  if (name !== "allowed") canaries.set(name, await startCanary({ address, port: first.port }));
}
canaries.set("other port", await startCanary({ address: PLACES.allowed, port: 0 }));
const { port } = first;
const corpus = makeCorpus(port, canaries.get("other port")?.port ?? 0);

describe("the corpus of crafted requests", () => {
  let egress: EgressServer;

  before(async () => {
    const hosts = [
      "allowed.test",
      "*.wild.test",
      "*.special.test",
      "localhost",
      "127.0.0.1",
      "::1",
      ...Object.keys(ADDRESSES),
      "unknown.test",
    ];
    egress = await startEgressServer({
      rules: hosts.map((host) => ({ host, port })),
      resolve: async (host) => {
        if (host === "unknown.test") throw new Error("ENOTFOUND");
        if (host.endsWith(".special.test")) return [specialAddress(host)];
        return ADDRESSES[host] ?? (host.endsWith(".wild.test") ? ["11.0.0.3"] : ["11.0.0.9"]);
      },
      limits: { headMs: 250, idleMs: 2000 },
    });
  });
  beforeEach(() => {
    for (const canary of canaries.values()) canary.reset();
    egress.decisions.length = 0;
  });
  after(async () => {
    await egress[Symbol.asyncDispose]();
    for (const canary of canaries.values()) await canary[Symbol.asyncDispose]();
  });

  it("has more than 300 cases that must be refused, and each once", () => {
    assert.ok(corpus.filter(({ outcome }) => !canaries.has(outcome)).length > 300);
    assert.equal(new Set(corpus.map(({ name, outcome }) => `${name} ${outcome}`)).size, corpus.length);
  });

  for (const item of corpus) {
    const isGood = canaries.has(item.outcome);
    it(`${item.name} ${isGood ? "gets" : "is refused:"} ${item.outcome}`, async () => {
      const answer = await exchangeBytes(egress.port, item.parts);
      if (isGood) checkReached(item, answer);
      else checkRefused(item, answer);
      for (const { host, detail } of egress.decisions) assert.doesNotMatch(`${host}${detail}`, UNPRINTABLE);
    });
  }

  function checkReached({ outcome }: CorpusCase, answer: string): void {
    assert.match(answer, /canary/);
    for (const [name, canary] of canaries) {
      assert.equal(canary.requests.length, name === outcome ? 1 : 0, name);
      if (name !== outcome) assert.equal(canary.connections, 0, name);
    }
    assert.ok(egress.decisions.every(({ allowed }) => allowed));
  }

  function checkRefused({ outcome, before: paths = [] }: CorpusCase, answer: string): void {
    assert.deepEqual(
      first.requests.map(({ url }) => url),
      paths,
    );
    if (paths.length === 0) assert.equal(first.heard, "");
    for (const [name, canary] of canaries) {
      if (canary !== first) assert.equal(canary.connections, 0, `${name}: ${canary.heard}`);
    }
    assert.equal(answer.split("canary").length - 1, paths.length);
    assert.deepEqual(
      egress.decisions.filter(({ allowed }) => !allowed).map(({ refusal }) => refusal),
      [outcome],
      answer,
    );
  }
});
