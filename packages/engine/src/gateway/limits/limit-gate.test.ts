import assert from "node:assert/strict";
import { beforeEach, mock, suite, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { type AttemptEnd, type Lease, type ModelRequest, type NextMove, RefusedError } from "../port.ts";
import { createLimitGate, type LimitGateOptions, type SharedLimitGate } from "./limit-gate.ts";
import { answered, MODEL, sampleCredential, sampleRequest, sampleUpstream, UNREACHABLE } from "./testing/requests.ts";

const NOW = Date.UTC(2026, 10, 21);
const NEVER = new AbortController().signal;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOW });
});

type World = {
  readonly credentials?: readonly string[];
  readonly upstreams?: readonly string[];
  readonly concurrency?: number;
  readonly fallback?: Readonly<Record<string, string>>;
  readonly refresh?: LimitGateOptions["refresh"];
};

function createGate({
  credentials = ["key-1"],
  upstreams = ["main"],
  concurrency = 2,
  fallback = {},
  refresh,
}: World = {}): SharedLimitGate {
  const all = credentials.map((label) => sampleCredential(label));
  return createLimitGate({
    credentials: (provider) => all.filter((credential) => credential.provider === provider),
    upstreams: upstreams.map((name) => sampleUpstream(name)),
    policy: { concurrency, fallback },
    now: Date.now,
    ...(refresh === undefined ? {} : { refresh }),
  });
}

/** Lets everything happen that needs no time: promises alone. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

/** How a wait stands: `waiting`, the lease, or the refusal's reason. */
function watch(promise: Promise<Lease>): () => Promise<Lease | string> {
  let state: Lease | string = "waiting";
  promise.then(
    (lease) => (state = lease),
    (error: unknown) => (state = error instanceof RefusedError ? error.refusal.reason : String(error)),
  );
  return async () => {
    await settle();
    return state;
  };
}

/** One request, attempt by attempt, as the gateway sends it. Stands at what the last attempt led to. */
class Sending {
  readonly request: ModelRequest;
  readonly #gate: SharedLimitGate;
  #attempt = 0;

  constructor(gate: SharedLimitGate, index = 1, run = "run-1") {
    this.#gate = gate;
    this.request = sampleRequest(index, { run });
  }

  acquire(): Promise<Lease> {
    this.#attempt += 1;
    return this.#gate.acquire(this.request, this.#attempt, NEVER);
  }

  /** Waits for a lease, however long on the mocked clock, and has it end so. */
  async attempt(end: AttemptEnd): Promise<{ readonly lease: Lease; readonly move: NextMove }> {
    const state = watch(this.acquire());
    let lease = await state();
    for (let second = 0; lease === "waiting" && second < 120; second += 1) {
      mock.timers.tick(1000);
      lease = await state();
    }
    assert.ok(typeof lease !== "string", `no lease: ${String(lease)}`);
    const move = this.#gate.judge(this.request, lease, this.#attempt, end);
    this.#gate.release(lease);
    await settle();
    return { lease, move };
  }
}

function reasonOf(error: unknown): string | undefined {
  return error instanceof RefusedError ? error.refusal.reason : undefined;
}

const SHORT = { "retry-after": "30" };
const LONG = { "retry-after": "3600" };
const GOES_ON = "again";
const ENDS = "answer";

suite("the end of a first attempt decides the next move", () => {
  const CASES: readonly (readonly [string, World, AttemptEnd, string])[] = [
    ["a good answer is passed on", {}, answered(200), ENDS],
    ["a mistake of the request is passed on", {}, answered(400), ENDS],
    ["a missing endpoint is passed on", {}, answered(404), ENDS],
    ["an agent that went away ends it", {}, { type: "abandoned" }, ENDS],
    ["a rate limit that lifts soon is waited out", {}, answered(429, SHORT), GOES_ON],
    ["a rate limit that does not say is waited out", {}, answered(429), GOES_ON],
    ["a long rate limit is passed on", {}, answered(429, LONG), ENDS],
    ["an empty account is passed on", {}, answered(429, { "x-should-retry": "false" }), ENDS],
    ["a long rate limit moves on to another credential", { credentials: ["a", "b"] }, answered(429, LONG), GOES_ON],
    ["a rejected credential without remedy is passed on", {}, answered(401), ENDS],
    ["a rejected credential moves on to another", { credentials: ["a", "b"] }, answered(401), GOES_ON],
    ["what is forbidden to the only credential is passed on", {}, answered(403), ENDS],
    ["what is forbidden to one credential moves on to another", { credentials: ["a", "b"] }, answered(403), GOES_ON],
    ["an internal error is tried again", {}, answered(500), GOES_ON],
    ["a bad gateway is tried again", {}, answered(502), GOES_ON],
    ["an unavailable service is tried again", {}, answered(503), GOES_ON],
    ["an overload is tried again", {}, answered(529), GOES_ON],
    ["silence is tried again", {}, UNREACHABLE, GOES_ON],
    ["an error that is not to be tried again is passed on", {}, answered(500, { "x-should-retry": "false" }), ENDS],
    ["an overload that lasts is passed on", {}, answered(529, LONG), ENDS],
    ["an overload that lasts moves on to another upstream", { upstreams: ["a", "b"] }, answered(529, LONG), GOES_ON],
    [
      "an overload of a subscription is not taken for the end of its window",
      {},
      answered(529, { "anthropic-ratelimit-unified-reset": String(NOW / 1000 + 7200) }),
      GOES_ON,
    ],
  ];
  for (const [name, world, end, expected] of CASES) {
    test(name, async () => {
      const { move } = await new Sending(createGate(world)).attempt(end);
      assert.equal(move.type, expected);
      assert.ok(move.type === "again" || move.refusal === undefined);
    });
  }
});

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
