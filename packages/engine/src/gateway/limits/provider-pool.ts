import type { Provider } from "@cloister/core";
import { type Credential, type Identity, type Lease, type Refusal, RefusedError, type Upstream } from "../port.ts";
import type { AttemptOutcome } from "./circuit.ts";
import { CredentialRack } from "./credential-rack.ts";
import type { CredentialSlots } from "./credential-slots.ts";
import { FairQueue } from "./fair-queue.ts";
import { describeFullQueue, describeMissingCredential, describeOpenCircuits, describeRateLimit } from "./refusals.ts";
import type { RequestProgress } from "./request-progress.ts";
import { type Passage, UpstreamCircuits } from "./upstream-circuits.ts";

/** Requests that wait at once, for one provider. */
const MAX_WAITING = 1000;
/** ms; the longest rest of all credentials that requests wait out here. With a longer one they are refused, and agents decide. */
export const LONGEST_HOLD_MS = 60_000;

/** What the pool needs to know of a request. */
export type Applicant = { readonly identity: Identity; readonly progress: RequestProgress };

/** A lease with what stands behind it. */
export class Grant implements Lease {
  readonly credential: Credential;
  readonly upstream: Upstream;
  readonly model?: string;
  readonly progress: RequestProgress;
  readonly slots: CredentialSlots;
  /** Of the credential, when the lease was given. */
  readonly refreshes: number;
  #passage: Passage | undefined;
  #pool: ProviderPool | undefined;

  /** Takes a slot. */
  constructor(pool: ProviderPool, slots: CredentialSlots, passage: Passage, progress: RequestProgress) {
    slots.take();
    this.credential = slots.credential;
    this.upstream = passage.upstream;
    if (progress.otherModel !== undefined) this.model = progress.otherModel;
    this.progress = progress;
    this.slots = slots;
    this.refreshes = slots.refreshes;
    this.#passage = passage;
    this.#pool = pool;
  }

  /** Tells the circuit how the attempt ended. Only the first call counts. */
  end(outcome: AttemptOutcome): void {
    this.#passage?.end(outcome);
    this.#passage = undefined;
  }

  /** Gives the slot back. Only the first call counts. */
  release(): void {
    const pool = this.#pool;
    this.#pool = undefined;
    if (pool === undefined) return;
    this.slots.giveBack();
    pool.serve();
  }
}

/** What a pool is made of. */
export type ProviderPoolOptions = {
  readonly provider: Provider;
  readonly credentials: () => readonly Credential[];
  readonly upstreams: readonly Upstream[];
  /** Slots of each credential. */
  readonly concurrency: number;
  /** ms since the epoch. */
  readonly now: () => number;
};

type Waiter = {
  readonly applicant: Applicant;
  readonly grant: (grant: Grant) => void;
  readonly refuse: (refusal: Refusal) => void;
};

/**
 * Everything that requests to one provider share: the slots of its credentials, one fair queue in front of them, and the circuits of its
 * upstreams. A request that waits is bound to no credential: it takes the first slot that comes free, so none idles while others queue.
 *
 * P1. Whoever waits is served or refused as soon as that can be told: `serve` runs after each change, and where time alone can bring
 *     change, one timer stands for all who wait. Nobody polls.
 * P2. Between two turns of a run, each other run that waits has one (see {@link FairQueue}).
 * P3. Each slot taken is given back once.
 */
export class ProviderPool {
  readonly circuits: UpstreamCircuits;
  readonly rack: CredentialRack;
  readonly #provider: Provider;
  readonly #now: () => number;
  readonly #queue = new FairQueue<Waiter>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ provider, credentials, upstreams, concurrency, now }: ProviderPoolOptions) {
    this.#provider = provider;
    this.#now = now;
    this.circuits = new UpstreamCircuits(upstreams, now);
    this.rack = new CredentialRack(credentials, concurrency);
  }

  /** Requests that wait. */
  get waiting(): number {
    return this.#queue.size;
  }

  /** Waits for a slot. @throws RefusedError where none is to be had soon; the signal's reason where it aborts. */
  async enter(applicant: Applicant, signal: AbortSignal): Promise<Grant> {
    signal.throwIfAborted();
    // Mostly nobody waits, and a slot is free: then there is nothing to queue for.
    if (this.waiting === 0 && this.rack.hasFree(this.#now()) && this.blockade() === undefined) {
      return this.#grantTo(applicant);
    }
    if (this.waiting >= MAX_WAITING) throw new RefusedError(describeFullQueue(this.#provider, MAX_WAITING));
    const { promise, resolve, reject } = Promise.withResolvers<Grant>();
    const refuse = (refusal: Refusal): void => reject(new RefusedError(refusal));
    const waiter: Waiter = { applicant, grant: resolve, refuse };
    const leave = (): void => {
      this.#queue.remove(applicant.identity, waiter);
      reject(signal.reason);
      this.serve();
    };
    signal.addEventListener("abort", leave, { once: true });
    this.#queue.push(applicant.identity, waiter);
    this.serve();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Why a request that came now would be refused rather than wait; undefined where it would not. */
  blockade(): Refusal | undefined {
    const now = this.#now();
    const rests = this.rack.restsAt(now);
    if (rests !== undefined && rests.until === undefined) {
      return describeMissingCredential(this.#provider, this.rack.all().length);
    }
    if (rests?.until !== undefined && rests.until > now + LONGEST_HOLD_MS) {
      return describeRateLimit(this.#provider, rests.until, now);
    }
    return this.circuits.isPassable ? undefined : describeOpenCircuits(this.#provider, this.circuits.probeAt, now);
  }

  /** Serves or refuses whom it can. To be called after a credential's state changed. */
  serve(): void {
    if (this.waiting > 0) {
      const blockade = this.blockade();
      if (blockade === undefined) this.#admitAll();
      else this.#refuseAll(blockade);
    }
    this.#setTimer();
  }

  #refuseAll(refusal: Refusal): void {
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) next.refuse(refusal);
  }

  #admitAll(): void {
    while (this.rack.hasFree(this.#now())) {
      const next = this.#queue.shift();
      if (next === undefined) return;
      this.#admit(next);
    }
  }

  #admit({ applicant, grant, refuse }: Waiter): void {
    try {
      grant(this.#grantTo(applicant));
    } catch (error: unknown) {
      if (!(error instanceof RefusedError)) throw error;
      refuse(error.refusal);
    }
  }

  /** @throws RefusedError where no credential or no upstream is to be had. */
  #grantTo({ identity, progress }: Applicant): Grant {
    const slots = this.rack.choose(identity, this.#now());
    const passage = slots === undefined ? undefined : this.circuits.pass(progress.failures);
    // The one request that probes an upstream may have gone just before.
    if (slots === undefined || passage === undefined) {
      throw new RefusedError(describeOpenCircuits(this.#provider, this.circuits.probeAt, this.#now()));
    }
    return new Grant(this, slots, passage, progress);
  }

  /** Wakes when the next credential is back, where somebody waits. */
  #setTimer(): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.waiting === 0) return;
    const now = this.#now();
    const backAt = this.rack.nextBackAt(now);
    // Not longer than a timer can hold; the next one takes the rest.
    if (backAt !== undefined) this.#timer = setTimeout(() => this.serve(), Math.min(backAt - now, LONGEST_HOLD_MS));
  }
}
