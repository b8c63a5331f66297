import assert from "node:assert/strict";
import { beforeEach, mock, suite, test } from "node:test";
import { RefusedError } from "../port.ts";
import { type SharedLimitGate } from "./limit-gate.ts";
import { answered, MODEL, UNREACHABLE } from "./testing/requests.ts";
import { startClock, createGate, NOW, reasonOf, Sending, settle, watch } from "./testing/sending.ts";

beforeEach(startClock);

suite("an upstream that fails", () => {
  test("is asked three times, with pauses, then its answer is passed on", async () => {
    const sending = new Sending(createGate());
    const moves: string[] = [];
    for (let attempt = 0; attempt < 3; attempt += 1) moves.push((await sending.attempt(answered(500))).move.type);
    assert.deepEqual(moves, ["again", "again", "answer"]);
    assert.ok(Date.now() > NOW);
  });

  test("that never answers ends in a refusal that says when to ask again", async () => {
    const sending = new Sending(createGate());
    await sending.attempt(UNREACHABLE);
    await sending.attempt(UNREACHABLE);
    const { move } = await sending.attempt(UNREACHABLE);
    const message = "main did not answer: ECONNREFUSED";
    assert.deepEqual(move, { type: "answer", refusal: { reason: "upstream", message, retryAfterSeconds: 5 } });
  });

  test("is left for the next one, without a pause", async () => {
    const sending = new Sending(createGate({ upstreams: ["a", "b"] }));
    const first = await sending.attempt(UNREACHABLE);
    const second = await sending.attempt(answered(200));
    assert.deepEqual(
      [first, second].map(({ lease }) => lease.upstream.name),
      ["a", "b"],
    );
    assert.equal(Date.now(), NOW);
    assert.ok(first.move.type === "again");
    assert.equal(first.move.signal.detail, "a did not answer. Another upstream is asked again.");
  });

  test("waits as long as it asks for before the next attempt", async () => {
    const sending = new Sending(createGate());
    await sending.attempt(answered(503, { "retry-after": "20" }));
    const next = watch(sending.acquire());
    mock.timers.tick(19_999);
    assert.equal(await next(), "waiting");
    mock.timers.tick(1);
    assert.equal(typeof (await next()), "object");
  });

  test("is asked for the fall-back model in the end, and for no model twice", async () => {
    const fallback = { [MODEL]: "claude-small", "claude-small": MODEL };
    const sending = new Sending(createGate({ fallback }));
    const models: (string | undefined)[] = [];
    const moves: string[] = [];
    for (let attempt = 0; attempt < 6; attempt += 1) {
      const { lease, move } = await sending.attempt(answered(529));
      models.push(lease.model);
      moves.push(move.type);
    }
    assert.deepEqual(models, [undefined, undefined, undefined, "claude-small", "claude-small", "claude-small"]);
    assert.deepEqual(moves, ["again", "again", "again", "again", "again", "answer"]);
  });

  test("is let alone after five failures in a row, and refuses fast", async () => {
    const gate = createGate();
    await breakUpstream(gate);
    assert.equal(gate.health()[0]?.state, "open");
    await assert.rejects(new Sending(gate, 9).acquire(), (error) => {
      assert.ok(error instanceof RefusedError);
      assert.deepEqual([error.refusal.reason, error.refusal.retryAfterSeconds], ["overloaded", 5]);
      return true;
    });
  });

  test("is asked on where an answer lies between its failures", async () => {
    const gate = createGate();
    for (const status of [200, 500, 500, 500, 500, 200, 500, 500, 500, 500])
      await new Sending(gate, status).attempt(answered(status));
    assert.equal(gate.health()[0]?.state, "closed");
    await new Sending(gate, 9).attempt(answered(500));
    assert.equal(gate.health()[0]?.state, "open");
  });

  test("is judged by its probe, not by what fails late", async () => {
    const gate = createGate({ concurrency: 3 });
    const [late, probe] = [new Sending(gate, 10), new Sending(gate, 11)];
    const lateLease = await late.acquire();
    await breakUpstream(gate);
    mock.timers.tick(5000);
    const lease = await probe.acquire();
    gate.judge(late.request, lateLease, 1, answered(500));
    await settle();
    assert.equal(gate.health()[0]?.state, "half_open");
    gate.judge(probe.request, lease, 1, answered(200));
    await settle();
    assert.equal(gate.health()[0]?.state, "closed");
  });

  test("is probed by one request at a time, and is back when that is answered", async () => {
    const gate = createGate();
    await breakUpstream(gate);
    mock.timers.tick(5000);
    const probe = new Sending(gate, 10);
    const lease = await probe.acquire();
    assert.equal(gate.health()[0]?.state, "half_open");
    await assert.rejects(new Sending(gate, 11).acquire(), (error) => reasonOf(error) === "overloaded");
    gate.judge(probe.request, lease, 1, answered(200));
    gate.release(lease);
    await settle();
    assert.equal(gate.health()[0]?.state, "closed");
  });

  for (const [name, end] of [
    ["fails", answered(500)],
    ["is abandoned", { type: "abandoned" }],
  ] as const) {
    test(`is let alone for longer when its probe ${name}`, async () => {
      const gate = createGate();
      await breakUpstream(gate);
      mock.timers.tick(5000);
      await new Sending(gate, 10).attempt(end);
      assert.equal(gate.health()[0]?.state, "open");
      mock.timers.tick(9999);
      await assert.rejects(new Sending(gate, 11).acquire(), (error) => reasonOf(error) === "overloaded");
      mock.timers.tick(1);
      assert.equal((await new Sending(gate, 12).attempt(answered(200))).move.type, "answer");
    });
  }

  test("is passed over while its circuit is open and another one answers", async () => {
    const gate = createGate({ upstreams: ["a", "b"] });
    for (let index = 0; index < 5; index += 1) {
      const sending = new Sending(gate, index);
      await sending.attempt(answered(500));
      await sending.attempt(answered(200));
    }
    assert.deepEqual(
      gate.health().map(({ state }) => state),
      ["open", "closed"],
    );
    assert.equal((await new Sending(gate, 9).attempt(answered(200))).lease.upstream.name, "b");
  });

  test("is not let alone for a model that is overloaded, where another can be asked", async () => {
    const gate = createGate({ fallback: { [MODEL]: "claude-small" } });
    for (let index = 0; index < 8; index += 1) await new Sending(gate, index).attempt(answered(529));
    assert.equal(gate.health()[0]?.state, "closed");
  });
});

async function breakUpstream(gate: SharedLimitGate): Promise<void> {
  for (let index = 0; index < 5; index += 1) await new Sending(gate, index).attempt(answered(500));
}
