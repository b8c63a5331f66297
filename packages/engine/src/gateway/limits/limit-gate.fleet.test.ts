import assert from "node:assert/strict";
import { afterEach, mock, suite, test } from "node:test";
import * as fc from "fast-check";
import { type AttemptEnd, RefusedError } from "../port.ts";
import { MAX_ATTEMPTS } from "./judge-attempt.ts";
import { createLimitGate, type SharedLimitGate } from "./limit-gate.ts";
import { answered, sampleCredential, sampleRequest, sampleUpstream, UNREACHABLE } from "./testing/requests.ts";
import { settle, startClock } from "./testing/sending.ts";

type World = { readonly credentials: number; readonly upstreams: number; readonly concurrency: number };

const worlds: fc.Arbitrary<World> = fc.record({
  credentials: fc.integer({ min: 1, max: 3 }),
  upstreams: fc.integer({ min: 1, max: 2 }),
  concurrency: fc.integer({ min: 1, max: 3 }),
});

const ends: fc.Arbitrary<AttemptEnd> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(answered(200)) },
  fc.record({ status: fc.constantFrom(401, 403, 429, 500, 529) }).map(({ status }) => answered(status)),
  fc.constantFrom("0", "1", "45", "600").map((seconds) => answered(429, { "retry-after": seconds })),
  fc.constantFrom<AttemptEnd>(UNREACHABLE, { type: "abandoned" }),
);

type Step =
  | { readonly type: "start"; readonly run: string }
  | { readonly type: "finish"; readonly which: number; readonly end: AttemptEnd }
  | { readonly type: "leave"; readonly which: number }
  | { readonly type: "tick"; readonly milliseconds: number };

const steps: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ type: fc.constant("start" as const), run: fc.constantFrom("a", "b", "c") }),
  fc.record({ type: fc.constant("finish" as const), which: fc.nat(), end: ends }),
  fc.record({ type: fc.constant("leave" as const), which: fc.nat() }),
  fc.record({ type: fc.constant("tick" as const), milliseconds: fc.constantFrom(1, 500, 5000, 45_000) }),
);

/** Agents that send requests through a gate, attempt by attempt, and a provider that ends each attempt when told to. */
class Fleet {
  readonly gate: SharedLimitGate;
  /** Requests that are neither answered, refused nor gone. */
  readonly open = new Set<AbortController>();
  /** Attempts that are with the provider. */
  readonly #inFlight: ((end: AttemptEnd) => void)[] = [];
  readonly #concurrency: number;
  #count = 0;
  /** Runs in the order in which they got a lease. */
  readonly served: string[] = [];

  constructor({ credentials, upstreams, concurrency }: World) {
    this.#concurrency = concurrency;
    const labels = Array.from({ length: credentials }, (_, index) => sampleCredential(`key-${index}`));
    this.gate = createLimitGate({
      credentials: (provider) => labels.filter((credential) => credential.provider === provider),
      upstreams: Array.from({ length: upstreams }, (_, index) => sampleUpstream(`upstream-${index}`)),
      policy: { concurrency, fallback: {} },
      now: Date.now,
      refresh: () => undefined,
    });
  }

  start(run: string): void {
    const controller = new AbortController();
    this.open.add(controller);
    this.#count += 1;
    const sent = this.#send(this.#count, run, controller.signal);
    void sent.finally(() => this.open.delete(controller));
  }

  async #send(index: number, run: string, signal: AbortSignal): Promise<void> {
    const request = sampleRequest(index, { run });
    try {
      for (let attempt = 1; ; attempt += 1) {
        assert.ok(attempt <= MAX_ATTEMPTS, "a request is sent without end");
        const lease = await this.gate.acquire(request, attempt, signal);
        this.served.push(run);
        const end = await new Promise<AttemptEnd>((resolve) => this.#inFlight.push(resolve));
        const move = this.gate.judge(request, lease, attempt, end);
        this.gate.release(lease);
        if (move.type === "answer") return;
      }
    } catch (error) {
      // Refused, or gone: both are proper ends of a request. Anything else is a defect.
      if (!(error instanceof RefusedError) && error !== signal.reason) throw error;
    }
  }

  act(step: Step): void {
    if (step.type === "start") this.start(step.run);
    else if (step.type === "tick") mock.timers.tick(step.milliseconds);
    else if (step.type === "leave") [...this.open][step.which % Math.max(this.open.size, 1)]?.abort(new Error("gone"));
    else this.finish(step.end, step.which);
  }

  /** @returns whether there was an attempt to end. */
  finish(end: AttemptEnd, which: number = 0): boolean {
    const [resolve] = this.#inFlight.splice(which % Math.max(this.#inFlight.length, 1), 1);
    resolve?.(end);
    return resolve !== undefined;
  }

  /** No slot is taken twice, and nobody waits where a slot is free. */
  check(): void {
    for (const { waiting, credentials } of this.gate.health()) {
      for (const { inFlight } of credentials) assert.ok(inFlight >= 0 && inFlight <= this.#concurrency);
      const isFree = credentials.some(({ state, inFlight }) => state === "ready" && inFlight < this.#concurrency);
      assert.ok(waiting === 0 || !isFree, "somebody waits although a slot is free");
    }
  }
}

afterEach(() => mock.timers.reset());

suite("a fleet at the limits", () => {
  test("loses no request and leaks no slot, whatever happens", async () => {
    const script = fc.array(steps, { minLength: 1, maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(worlds, script, async (world, script) => {
        startClock();
        const fleet = new Fleet(world);
        for (const step of script) {
          fleet.act(step);
          await settle();
          fleet.check();
        }
        // From now on all goes well: each request comes to its end, in bounded time.
        for (let round = 0; fleet.open.size > 0 && round < 500; round += 1) {
          if (!fleet.finish(answered(200))) mock.timers.tick(1000);
          await settle();
        }
        assert.equal(fleet.open.size, 0, "a request never ends");
        for (const { waiting, credentials } of fleet.gate.health()) {
          assert.deepEqual([waiting, ...credentials.map(({ inFlight }) => inFlight)], [0, ...credentials.map(() => 0)]);
        }
      }),
      { numRuns: 300 },
    );
  });

  test("serves each run in turn, however much one of them asks for", async () => {
    const counts = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 2, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(worlds, counts, async (world, counts) => {
        startClock();
        const fleet = new Fleet(world);
        const slots = world.credentials * world.concurrency;
        for (let index = 0; index < slots; index += 1) fleet.start("first");
        for (const [run, count] of counts.entries())
          for (let index = 0; index < count; index += 1) fleet.start(`run-${run}`);
        for (let isBusy = true; isBusy; isBusy = fleet.finish(answered(200))) await settle();
        assert.deepEqual(fleet.served.slice(slots), inTurn(counts));
      }),
      { numRuns: 50 },
    );
  });
});

/** Names of runs in rounds: each that has requests left has one turn a round. */
function inTurn(counts: readonly number[]): string[] {
  const rounds = Array.from({ length: Math.max(...counts) }, (_, round) => round);
  return rounds.flatMap((round) => counts.flatMap((count, run) => (count > round ? [`run-${run}`] : [])));
}
