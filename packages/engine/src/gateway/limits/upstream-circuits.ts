import type { Upstream } from "../port.ts";
import { type AttemptOutcome, Circuit } from "./circuit.ts";

/** How often each upstream failed one request, by name. */
export type Failures = ReadonlyMap<string, number>;

/** An attempt that a circuit let through. `end` tells the circuit how it ended; to be called once. */
export type Passage = { readonly upstream: Upstream; readonly end: (outcome: AttemptOutcome) => void };

/** The circuits of one provider's upstreams, in the order of the configuration. */
export class UpstreamCircuits {
  readonly all: readonly Circuit[];

  /** @param now ms since the epoch. */
  constructor(upstreams: readonly Upstream[], now: () => number) {
    this.all = upstreams.map((upstream) => new Circuit(upstream, now));
  }

  /** Whether any would let a request through now. */
  get isPassable(): boolean {
    return this.all.some((circuit) => circuit.isPassable);
  }

  /** When the next one may let a request through, where none does now; ms since the epoch. */
  get probeAt(): number | undefined {
    return this.all.length === 0 ? undefined : Math.min(...this.all.map((circuit) => circuit.probeAt));
  }

  /** Begins an attempt at the first upstream that failed this request least; undefined where none is let through. */
  pass(failures: Failures): Passage | undefined {
    const failed = ({ upstream }: Circuit): number => failures.get(upstream.name) ?? 0;
    for (const circuit of this.all.toSorted((left, right) => failed(left) - failed(right))) {
      const end = circuit.begin();
      if (end !== undefined) return { upstream: circuit.upstream, end };
    }
    return undefined;
  }

  /** Whether another upstream is there that failed this request less often than `upstream`. */
  hasBetter(upstream: Upstream, failures: Failures): boolean {
    const failed = failures.get(upstream.name) ?? 0;
    return this.all.some((circuit) => circuit.isPassable && (failures.get(circuit.upstream.name) ?? 0) < failed);
  }
}
