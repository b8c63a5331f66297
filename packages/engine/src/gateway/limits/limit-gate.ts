import { type Provider, PROVIDERS } from "@cloister/core";
import { createObjectNotes } from "../object-notes.ts";
import type { GatewayPolicy } from "../policy.ts";
import type { Credential, Lease, LimitGate, ModelRequest, NextMove, Upstream } from "../port.ts";
import { describeHealth, type UpstreamHealth } from "./health.ts";
import { judgeAttempt } from "./judge-attempt.ts";
import { pause } from "./pause.ts";
import { Grant, ProviderPool } from "./provider-pool.ts";
import type { SeenLimits } from "./rate-limit-headers.ts";
import { RequestProgress } from "./request-progress.ts";

/** What a {@link SharedLimitGate} is made of. */
export type LimitGateOptions = {
  /** The credentials of a provider, as they are now. Must not throw. */
  readonly credentials: (provider: Provider) => readonly Credential[];
  /** In the order in which those of a provider are tried. Names are unique. */
  readonly upstreams: readonly Upstream[];
  readonly policy: Pick<GatewayPolicy, "concurrency" | "fallback">;
  /** ms since the epoch; the clock of `Date.now`. */
  readonly now: () => number;
  /** Has the secret of a credential asked anew before it is used next. Must not throw. Without it a 401 rejects a credential at once. */
  readonly refresh?: (label: string) => void;
};

/** The limits, with what people want to know of them. */
export interface SharedLimitGate extends LimitGate {
  /** Upstreams and credentials as they are now. */
  health(): readonly UpstreamHealth[];
  /** The rate limits that a provider named last for a credential; undefined where it named none yet. */
  limitsOf(label: string): SeenLimits | undefined;
}

/** Creates what shares credentials and upstreams among all requests of a fleet. Holds no timers and no memory of requests that are over. */
export function createLimitGate(options: LimitGateOptions): SharedLimitGate {
  return new Gate(options);
}

class Gate implements SharedLimitGate {
  readonly #options: LimitGateOptions;
  readonly #pools: ReadonlyMap<Provider, ProviderPool>;
  /** Of requests that are to be tried again. */
  readonly #progress = createObjectNotes<RequestProgress>();

  constructor(options: LimitGateOptions) {
    this.#options = options;
    const createPool = (provider: Provider): ProviderPool =>
      new ProviderPool({
        provider,
        credentials: () => options.credentials(provider),
        upstreams: options.upstreams.filter((upstream) => upstream.provider === provider),
        concurrency: options.policy.concurrency,
        now: options.now,
      });
    this.#pools = new Map(PROVIDERS.map((provider) => [provider, createPool(provider)]));
  }

  async acquire(request: ModelRequest, _attempt: number, signal: AbortSignal): Promise<Lease> {
    const progress = this.#progress.get(request) ?? new RequestProgress(request.facts.model);
    if (progress.notBefore > 0) await pause(progress.notBefore - this.#options.now(), signal);
    return await this.#poolOf(request.wire.provider).enter({ identity: request.identity, progress }, signal);
  }

  judge(...[request, lease, attempt, end]: Parameters<LimitGate["judge"]>): NextMove {
    const { policy, now, refresh } = this.#options;
    const pool = this.#poolOf(request.wire.provider);
    const grant = granted(lease);
    const context = { pool, grant, attempt, fallback: policy.fallback, now: now(), refresh };
    const move = judgeAttempt(context, end);
    if (move.type === "again") this.#progress.set(request, grant.progress);
    return move;
  }

  release(lease: Lease): void {
    const grant = granted(lease);
    // Where judge was called, the circuit knows already.
    grant.end("unknown");
    grant.release();
  }

  health(): readonly UpstreamHealth[] {
    const now = this.#options.now();
    return [...this.#pools].flatMap(([provider, pool]) => describeHealth(provider, pool, now));
  }

  limitsOf(label: string): SeenLimits | undefined {
    const slots = [...this.#pools.values()].flatMap((pool) => pool.rack.all());
    return slots.find(({ credential }) => credential.label === label)?.limits;
  }

  #poolOf(provider: Provider): ProviderPool {
    const pool = this.#pools.get(provider);
    if (pool === undefined) throw new Error(`There is no provider ${provider}.`);
    return pool;
  }
}

function granted(lease: Lease): Grant {
  if (lease instanceof Grant) return lease;
  throw new Error("The lease is not one of a gate's: pass on the object that acquire gave.");
}
