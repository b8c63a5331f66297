import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type EgressTarget, parseEgressTarget } from "@cloister/core";
import { EgressRefusedError } from "./egress-refused-error.ts";
import { createRouter, type Router } from "./open-route.ts";
import { startCanary } from "./testing/canary.ts";
import { dialCanary } from "./testing/egress-server.ts";

const LIMITS = { connectMs: 100, idleMs: 1000 };

describe("the route to a target", () => {
  it("is decided by what a name stands for each time, and goes to the address that was checked", async () => {
    await using canary = await startCanary({ address: "127.0.0.2", port: 0 });
    const answers = [["11.0.0.2"], ["127.0.0.1"], ["11.0.0.2", "::1"], ["11.0.0.2"]];
    const dialled: string[] = [];
    const router = createRouter(
      {
        rules: [],
        resolve: async () => answers.shift() ?? [],
        dial: (address, port) => {
          dialled.push(address);
          return dialCanary(address, port);
        },
      },
      LIMITS,
    );
    const outcomes = [];
    for (let time = 0; time < 5; time += 1) outcomes.push(await outcomeOf(router, target("rebound.test", canary.port)));
    assert.deepEqual(outcomes, ["connected", "special_address", "special_address", "connected", "unresolved"]);
    assert.deepEqual(dialled, ["11.0.0.2", "11.0.0.2"]);
  });

  it("tries a name's addresses one after another", async () => {
    await using canary = await startCanary({ address: "127.0.0.2", port: 0 });
    const router = createRouter(
      { rules: [], resolve: async () => ["11.0.0.77", "11.0.0.2"], dial: dialCanary },
      LIMITS,
    );
    assert.equal(await outcomeOf(router, target("two.test", canary.port)), "connected");
  });

  it("asks nobody what an address or localhost is", async () => {
    await using canary = await startCanary({ address: "127.0.0.1", port: 0 });
    const resolve = (): never => assert.fail("was asked");
    const router = createRouter({ rules: [], resolve }, LIMITS);
    assert.equal(await outcomeOf(router, target("127.0.0.1", canary.port)), "connected");
    assert.equal(await outcomeOf(router, target("localhost", canary.port)), "connected");
  });

  it("is given up where the resolver does not answer in time", async () => {
    const { promise } = Promise.withResolvers<readonly string[]>();
    const router = createRouter({ rules: [], resolve: () => promise }, LIMITS);
    assert.equal(await outcomeOf(router, target("slow.test", 80)), "unresolved");
  });

  it("is found with the host's own resolver", async () => {
    const router = createRouter({ rules: [] }, LIMITS);
    // RFC 6761: whoever resolves it must say loopback, or nothing.
    assert.match(await outcomeOf(router, target("a.localhost", 80)), /^(?:special_address|unresolved)$/);
  });
});

function target(host: string, port: number): EgressTarget {
  const parsed = parseEgressTarget(host, port);
  assert.ok(parsed);
  return parsed;
}

async function outcomeOf(router: Router, to: EgressTarget): Promise<string> {
  try {
    (await router.connect(to)).destroy();
    return "connected";
  } catch (error: unknown) {
    assert.ok(error instanceof EgressRefusedError);
    return error.refusal;
  }
}
