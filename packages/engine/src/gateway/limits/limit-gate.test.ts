import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { answered, sampleRequest } from "./testing/requests.ts";
import { startClock, createGate, NEVER, NOW, reasonOf, Sending, watch } from "./testing/sending.ts";

beforeEach(startClock);

suite("requests share what there is", () => {
  test("a run's iteration keeps its credential, another one gets the least loaded", async () => {
    const gate = createGate({ credentials: ["a", "b"] });
    const labels: string[] = [];
    for (const run of ["run-1", "run-2", "run-1", "run-2"]) {
      labels.push((await new Sending(gate, labels.length, run).attempt(answered(200))).lease.credential.label);
    }
    assert.deepEqual(labels, ["a", "b", "a", "b"]);
  });

  test("outside a run requests go to the least loaded credential", async () => {
    const gate = createGate({ credentials: ["a", "b"] });
    const labels: string[] = [];
    for (let index = 0; index < 4; index += 1) {
      labels.push((await gate.acquire(sampleRequest(index, { iteration: 0 }), 1, NEVER)).credential.label);
    }
    assert.deepEqual(labels, ["a", "b", "a", "b"]);
  });

  test("one that went away while it waited leaves its place", async () => {
    const gate = createGate({ concurrency: 1 });
    const lease = await gate.acquire(sampleRequest(1), 1, NEVER);
    const controller = new AbortController();
    const leaving = gate.acquire(sampleRequest(2), 1, controller.signal);
    const staying = watch(gate.acquire(sampleRequest(3), 1, NEVER));
    controller.abort(new Error("gone"));
    await assert.rejects(leaving, /gone/);
    assert.equal(gate.health()[0]?.waiting, 1);
    gate.release(lease);
    assert.equal(typeof (await staying()), "object");
  });

  test("one that is gone already is not let in", async () => {
    const gate = createGate();
    await assert.rejects(gate.acquire(sampleRequest(1), 1, AbortSignal.abort(new Error("gone"))), /gone/);
    assert.equal(gate.health()[0]?.credentials[0]?.inFlight, 0);
  });

  test("one that goes away in a pause does not wait for its end", async () => {
    const gate = createGate();
    const sending = new Sending(gate);
    await sending.attempt(answered(500));
    const controller = new AbortController();
    const pausing = gate.acquire(sending.request, 2, controller.signal);
    controller.abort(new Error("gone"));
    await assert.rejects(pausing, /gone/);
  });

  test("more than a thousand do not wait", async () => {
    const gate = createGate({ concurrency: 1 });
    await gate.acquire(sampleRequest(0), 1, NEVER);
    const controller = new AbortController();
    const waiting = Array.from({ length: 1000 }, (_, index) =>
      gate.acquire(sampleRequest(index), 1, controller.signal),
    );
    await assert.rejects(gate.acquire(sampleRequest(1001), 1, NEVER), (error) => reasonOf(error) === "overloaded");
    controller.abort();
    const ends = await Promise.allSettled(waiting);
    assert.ok(ends.every(({ status }) => status === "rejected"));
    assert.equal(gate.health()[0]?.waiting, 0);
  });

  test("a lease that is given back twice frees one slot", async () => {
    const gate = createGate({ concurrency: 1 });
    const lease = await gate.acquire(sampleRequest(1), 1, NEVER);
    gate.release(lease);
    gate.release(lease);
    assert.equal(gate.health()[0]?.credentials[0]?.inFlight, 0);
  });

  for (const [name, world, reason] of [
    ["credential", { credentials: [] }, "credential"],
    ["upstream", { upstreams: [] }, "upstream"],
  ] as const) {
    test(`without any ${name} a request is refused at once`, async () => {
      await assert.rejects(
        createGate(world).acquire(sampleRequest(1), 1, NEVER),
        (error) => reasonOf(error) === reason,
      );
    });
  }

  test("people see the limits that a provider named last", async () => {
    const gate = createGate();
    assert.equal(gate.limitsOf("key-1"), undefined);
    const headers = { "anthropic-ratelimit-requests-remaining": "49", "anthropic-ratelimit-unified-status": "allowed" };
    await new Sending(gate).attempt(answered(200, headers));
    await new Sending(gate, 2).attempt(answered(200));
    assert.deepEqual(gate.limitsOf("key-1"), {
      seenAt: NOW,
      windows: [{ name: "requests", remaining: 49 }],
      subscription: { status: "allowed" },
    });
    assert.deepEqual(gate.health()[0]?.credentials[0]?.subscription, { status: "allowed" });
  });
});
