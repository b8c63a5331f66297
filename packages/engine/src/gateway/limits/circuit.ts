import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  ConsecutiveBreaker,
  DelegateBackoff,
  handleWhenResult,
} from "cockatiel";
import type { Upstream } from "../port.ts";

/** Failures one after another, over all requests, that open the circuit. */
const FAILURES_TO_OPEN = 5;
/** ms until a first probe, doubled each time that one fails. */
const FIRST_PAUSE_MS = 5000;
const LONGEST_PAUSE_MS = 60_000;

/** As people see it. `half_open`: one request probes whether the upstream answers again. */
export type CircuitStateName = "closed" | "open" | "half_open";

/** What an attempt showed of its upstream. `unknown`: it ended before it showed anything. */
export type AttemptOutcome = "worked" | "failed" | "unknown";

const NAMES: Readonly<Record<CircuitState, CircuitStateName>> = {
  [CircuitState.Closed]: "closed",
  [CircuitState.Open]: "open",
  [CircuitState.HalfOpen]: "half_open",
  [CircuitState.Isolated]: "open",
};

/**
 * The circuit breaker of one upstream, which spares a broken provider, and agents the wait for it. The states are cockatiel's.
 * Its `execute` wraps a function, while an attempt here is begun by one call and ended by another: so a probe is an `execute` on a
 * promise that its end resolves, and of what a closed circuit let through only the end is told. Where a probe is under way `execute`
 * waits for it; agents must hear at once, so that is asked first.
 *
 * Cockatiel's bulkhead is not used: its queue is not fair. The slots of the credentials are the bulkhead: no upstream holds more
 * requests than its provider's credentials have slots, and no provider's requests wait for another's.
 */
export class Circuit {
  readonly upstream: Upstream;
  readonly #now: () => number;
  readonly #policy: CircuitBreakerPolicy;
  #probeAt = 0;
  /** Since the last success. */
  #hasFailed = false;

  /** @param now ms since the epoch; the same clock as `Date.now`, which cockatiel reads. */
  constructor(upstream: Upstream, now: () => number) {
    this.upstream = upstream;
    this.#now = now;
    this.#policy = circuitBreaker(
      handleWhenResult((outcome) => outcome === "failed"),
      {
        breaker: new ConsecutiveBreaker(FAILURES_TO_OPEN),
        halfOpenAfter: new DelegateBackoff(({ attempt }: { attempt: number }) => this.#pause(attempt)),
      },
    );
  }

  get state(): CircuitStateName {
    return NAMES[this.#policy.state];
  }

  /** When a request may be let through again, where none is now; ms since the epoch. */
  get probeAt(): number {
    return this.#probeAt;
  }

  /** Whether a request would be let through now. */
  get isPassable(): boolean {
    return this.state === "closed" || (this.state === "open" && this.#now() >= this.#probeAt);
  }

  /** Begins an attempt. @returns what ends it, to be called once; undefined where none is let through. */
  begin(): ((outcome: AttemptOutcome) => void) | undefined {
    if (this.state === "closed") return (outcome) => this.#tell(outcome);
    return this.isPassable ? this.#probe() : undefined;
  }

  /** Most requests work after others that worked: that changes nothing, and what is late has no say in an open circuit. */
  #tell(outcome: AttemptOutcome): void {
    if (outcome === "unknown" || this.state !== "closed") return;
    if (outcome === "worked" && !this.#hasFailed) return;
    this.#hasFailed = outcome === "failed";
    void this.#policy.execute(() => outcome);
  }

  #probe(): ((outcome: AttemptOutcome) => void) | undefined {
    const { promise, resolve } = Promise.withResolvers<AttemptOutcome>();
    let begun = false;
    const execution = this.#policy.execute(() => {
      begun = true;
      return promise;
    });
    execution.catch(() => {
      // Not begun, which is told below.
    });
    if (!begun) return undefined;
    // A probe that shows nothing must not close the circuit, as cockatiel would have it.
    return (outcome) => resolve(outcome === "unknown" ? "failed" : outcome);
  }

  #pause(attempt: number): number {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (attempt - 1), LONGEST_PAUSE_MS);
    this.#probeAt = this.#now() + pause;
    return pause;
  }
}
