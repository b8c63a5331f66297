import { ExponentialBackoff, type IBackoff } from "cockatiel";
import type { GatewayPolicy } from "../policy.ts";
import type { Failures } from "./upstream-circuits.ts";

/** Pauses before an upstream that failed is asked again: about 0.5, 1 and 2 s, with jitter, so that a fleet does not come all at once. */
const PAUSES = new ExponentialBackoff({ initialDelay: 500, maxDelay: 8000 });

const NO_FAILURES: Failures = new Map();

/** What became of one request so far. Its attempts are parts of one wait for the agent, so this outlives each. */
export class RequestProgress {
  /** Before this no attempt is to begin; ms since the epoch. */
  notBefore: number = 0;
  /** These are made where something fails: nearly every request just works. */
  #failures: Map<string, number> | undefined;
  #tried: Set<string> | undefined;
  #model: string;
  #modelFailures = 0;
  #pause: IBackoff<unknown> | undefined;

  /** @param model as the request asks for. */
  constructor(model: string) {
    this.#model = model;
  }

  /** The model to ask for. */
  get model(): string {
    return this.#model;
  }

  /** The model to ask for where it is not the request's own. */
  get otherModel(): string | undefined {
    return this.#tried === undefined ? undefined : this.#model;
  }

  /** How often each upstream failed. */
  get failures(): Failures {
    return this.#failures ?? NO_FAILURES;
  }

  /** How often upstreams failed for this model. */
  get modelFailures(): number {
    return this.#modelFailures;
  }

  countFailure(upstream: string): void {
    this.#failures ??= new Map();
    this.#failures.set(upstream, (this.#failures.get(upstream) ?? 0) + 1);
    this.#modelFailures += 1;
  }

  /** The next pause in ms, each longer than the last. */
  nextPause(): number {
    this.#pause = (this.#pause ?? PAUSES).next(undefined);
    return Math.round(this.#pause.duration);
  }

  /** The model that the policy has instead of this one; undefined where there is none that was not asked yet. */
  nextModel(fallback: GatewayPolicy["fallback"]): string | undefined {
    // Names of models come from requests: `constructor` must not find what every object has.
    const next = Object.hasOwn(fallback, this.#model) ? fallback[this.#model] : undefined;
    return next === undefined || next === this.#model || this.#tried?.has(next) === true ? undefined : next;
  }

  changeModel(model: string): void {
    this.#tried ??= new Set();
    this.#tried.add(this.#model);
    this.#model = model;
    this.#failures = undefined;
    this.#modelFailures = 0;
    this.#pause = undefined;
    this.notBefore = 0;
  }
}
