import assert from "node:assert/strict";
import { mock } from "node:test";
import { type AttemptEnd, type Lease, type ModelRequest, type NextMove, RefusedError } from "../../port.ts";
import { createLimitGate, type LimitGateOptions, type SharedLimitGate } from "../limit-gate.ts";
import { sampleCredential, sampleRequest, sampleUpstream } from "./requests.ts";

/** A request that never goes away. */
export const NEVER: AbortSignal = new AbortController().signal;
/** Where the mocked clock begins, in ms since the epoch. */
export const NOW: number = Date.UTC(2026, 10, 21);

/** Has timers and `Date.now` stand still until a test moves them on. */
export function startClock(): void {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: NOW });
}

/** What a gate is made of where it differs from one credential, `key-1`, and one upstream, `main`. */
export type World = {
  readonly credentials?: readonly string[];
  readonly upstreams?: readonly string[];
  readonly concurrency?: number;
  readonly fallback?: Readonly<Record<string, string>>;
  readonly refresh?: LimitGateOptions["refresh"];
};

/** A gate on the clock of `Date.now`, for Anthropic. */
export function createGate({
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
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 25; turn += 1) await Promise.resolve();
}

/** How a wait stands: `waiting`, the lease, or the refusal's reason. */
export function watch(promise: Promise<Lease>): () => Promise<Lease | string> {
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
export class Sending {
  readonly request: ModelRequest;
  readonly #gate: SharedLimitGate;
  #attempt = 0;

  constructor(gate: SharedLimitGate, index: number = 1, run: string = "run-1") {
    this.#gate = gate;
    this.request = sampleRequest(index, { run });
  }

  /** Asks for the lease of the next attempt. */
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
    assert.ok(typeof lease !== "string", "no lease within two minutes");
    const move = this.#gate.judge(this.request, lease, this.#attempt, end);
    this.#gate.release(lease);
    await settle();
    return { lease, move };
  }
}

/** Why the gate refused; undefined where `error` is no refusal. */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof RefusedError ? error.refusal.reason : undefined;
}
