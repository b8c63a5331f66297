import assert from "node:assert/strict";
import { beforeEach, mock, suite, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { type Lease, RefusedError } from "../port.ts";
import { answered } from "./testing/requests.ts";
import { startClock, createGate, NOW, reasonOf, Sending, watch } from "./testing/sending.ts";

const SHORT = { "retry-after": "30" };
const LONG = { "retry-after": "3600" };

beforeEach(startClock);

suite("a credential at its rate limit", () => {
  test("is left for another at once", async () => {
    const sending = new Sending(createGate({ credentials: ["a", "b"] }));
    const first = await sending.attempt(answered(429, LONG));
    assert.ok(first.move.type === "again");
    assert.equal(first.move.signal.kind, "rate_limited");
    const second = await sending.attempt(answered(200));
    assert.deepEqual(
      [first, second].map(({ lease }) => lease.credential.label),
      ["a", "b"],
    );
    assert.equal(Date.now(), NOW);
  });

  test("holds its requests until the limit lifts, by one timer", async () => {
    const gate = createGate();
    const sending = new Sending(gate);
    await sending.attempt(answered(429, SHORT));
    const again = watch(sending.acquire());
    const other = watch(new Sending(gate, 2, "run-2").acquire());
    mock.timers.tick(29_999);
    assert.deepEqual([await again(), await other()], ["waiting", "waiting"]);
    assert.deepEqual(gate.health(), [
      {
        provider: "anthropic",
        upstream: "main",
        state: "closed",
        waiting: 2,
        credentials: [{ label: "key-1", state: "cooling", until: NOW + 30_000, inFlight: 0 }],
      },
    ]);
    mock.timers.tick(1);
    assert.ok([await again(), await other()].every((state) => typeof state === "object"));
  });

  test("refuses requests until a long limit lifts, without touching the provider", async () => {
    const gate = createGate();
    await new Sending(gate).attempt(answered(429, LONG));
    const refused = new Sending(gate, 2).acquire();
    await assert.rejects(refused, (error) => {
      assert.ok(error instanceof RefusedError);
      assert.equal(error.refusal.reason, "rate_limit");
      assert.equal(error.refusal.retryAfterSeconds, 3600);
      return true;
    });
    mock.timers.tick(3_600_000);
    assert.equal(typeof (await watch(new Sending(gate, 3).acquire())()), "object");
  });

  test("refuses those that wait already when its limit turns out long", async () => {
    const gate = createGate({ concurrency: 1 });
    const first = new Sending(gate);
    const lease = await first.acquire();
    const waiting = watch(new Sending(gate, 2).acquire());
    assert.equal(await waiting(), "waiting");
    gate.judge(first.request, lease, 1, answered(429, LONG));
    assert.equal(await waiting(), "rate_limit");
  });

  test("rests longer each time that the provider does not say, and only once for parallel refusals", async () => {
    const gate = createGate();
    const rest = (): number => (gate.health()[0]?.credentials[0]?.until ?? NaN) - Date.now();
    const [first, second] = [new Sending(gate, 1), new Sending(gate, 2)];
    const leases = [await first.acquire(), await second.acquire()] as const;
    gate.judge(first.request, leases[0], 1, answered(429));
    gate.judge(second.request, leases[1], 1, answered(429));
    assert.equal(rest(), 1000);
    for (const lease of leases) gate.release(lease);
    mock.timers.tick(1000);
    await new Sending(gate, 3).attempt(answered(429));
    assert.equal(rest(), 2000);
    mock.timers.tick(2000);
    await new Sending(gate, 4).attempt(answered(200));
    await new Sending(gate, 5).attempt(answered(429));
    assert.equal(rest(), 1000, "an answer begins the count anew");
  });

  test("is asked at most six times for one request", async () => {
    const sending = new Sending(createGate());
    const moves: string[] = [];
    do moves.push((await sending.attempt(answered(429, SHORT))).move.type);
    while (moves.at(-1) === "again");
    assert.deepEqual(moves, ["again", "again", "again", "again", "again", "answer"]);
  });
});

suite("a rejected credential", () => {
  test("is asked anew once, then left for another", async () => {
    const refreshed: string[] = [];
    const gate = createGate({ credentials: ["a", "b"], refresh: (label) => void refreshed.push(label) });
    const sending = new Sending(gate);
    const labels: string[] = [];
    for (const status of [401, 401, 200]) labels.push((await sending.attempt(answered(status))).lease.credential.label);
    assert.deepEqual(labels, ["a", "a", "b"]);
    assert.deepEqual(refreshed, ["a"]);
    const states = gate.health()[0]?.credentials.map(({ state }) => state);
    assert.deepEqual(states, ["rejected", "ready"]);
  });

  test("is not blamed for requests that left with its older secret", async () => {
    const refreshed: string[] = [];
    const gate = createGate({ refresh: (label) => void refreshed.push(label) });
    const sendings = [new Sending(gate, 1), new Sending(gate, 2)];
    const leases = await Promise.all(sendings.map((sending) => sending.acquire()));
    const moves = sendings.map(({ request }, index) => gate.judge(request, leases[index] as Lease, 1, answered(401)));
    assert.deepEqual(
      moves.map(({ type }) => type),
      ["again", "again"],
    );
    assert.deepEqual(refreshed, ["key-1"]);
    assert.equal(gate.health()[0]?.credentials[0]?.state, "ready");
  });

  test("refuses all requests where it is the only one, and is tried again after a while", async () => {
    const gate = createGate();
    await new Sending(gate).attempt(answered(401));
    await assert.rejects(new Sending(gate, 2).acquire(), (error) => reasonOf(error) === "credential");
    mock.timers.tick(60_000);
    assert.equal((await new Sending(gate, 3).attempt(answered(200))).move.type, "answer");
  });

  test("is not taken from everybody by a request that is forbidden", async () => {
    const gate = createGate({ credentials: ["a", "b"] });
    const sending = new Sending(gate);
    assert.equal((await sending.attempt(answered(403))).move.type, "again");
    assert.equal((await sending.attempt(answered(403))).move.type, "answer");
    assert.equal((await new Sending(gate, 2).attempt(answered(200))).lease.credential.label, "b");
  });

  test("is one whose secret cannot be read", async () => {
    const error = new CloisterError({ code: "credential_invalid", message: "The helper failed." });
    const gate = createGate({ credentials: ["a", "b"] });
    const sending = new Sending(gate);
    assert.equal((await sending.attempt({ type: "unreachable", error })).move.type, "again");
    const { move } = await sending.attempt({ type: "unreachable", error });
    assert.deepEqual(move, { type: "answer", refusal: { reason: "credential", message: "The helper failed." } });
    assert.equal(gate.health()[0]?.state, "closed", "it is not the upstream's fault");
  });
});
