import { createLruMap, type LruMap } from "../context/lru-map.ts";
import type { Credential, Identity } from "../port.ts";
import { CredentialSlots } from "./credential-slots.ts";

/** Iterations whose credential is remembered. */
const MAX_HOMES = 1000;

/** When credentials are back. `until` (ms since the epoch): the first that is at its rate limit; undefined where all are rejected. */
export type Rests = { readonly until: number | undefined };

/** The credentials of one provider, and which of them a request is sent with. */
export class CredentialRack {
  readonly #credentials: () => readonly Credential[];
  readonly #size: number;
  readonly #slots = new Map<string, CredentialSlots>();
  /** What {@link all} gave last, and of which credentials. */
  #known: readonly CredentialSlots[] = [];
  #ofCredentials: readonly Credential[] | undefined;
  /** What an iteration had last: a provider's prompt cache is per account, so another credential would cost the whole prefix. */
  readonly #homes: LruMap<string> = createLruMap(MAX_HOMES);

  /** @param size slots of each credential. */
  constructor(credentials: () => readonly Credential[], size: number) {
    this.#credentials = credentials;
    this.#size = size;
  }

  /** The credentials as they are now. */
  all(): readonly CredentialSlots[] {
    const credentials = this.#credentials();
    if (credentials === this.#ofCredentials) return this.#known;
    this.#ofCredentials = credentials;
    this.#known = credentials.map((credential) => {
      const slots = this.#slots.get(credential.label) ?? new CredentialSlots(credential, this.#size);
      slots.credential = credential;
      this.#slots.set(credential.label, slots);
      return slots;
    });
    return this.#known;
  }

  /** How long none is usable; undefined where one is. @param now ms since the epoch. */
  restsAt(now: number): Rests | undefined {
    const all = this.all();
    if (all.some((slots) => slots.restAt(now) === undefined)) return undefined;
    const rests = all.map((slots) => slots.restAt(now));
    const ends = rests.flatMap((rest) => (rest?.state === "cooling" ? rest.until : []));
    return { until: ends.length === 0 ? undefined : Math.min(...ends) };
  }

  /** When the next credential that rests is back, in ms since the epoch; undefined where none rests. */
  nextBackAt(now: number): number | undefined {
    const ends = this.all().flatMap((slots) => slots.restAt(now)?.until ?? []);
    return ends.length === 0 ? undefined : Math.min(...ends);
  }

  /**
   * A credential with a free slot: for an iteration the one that it had last, else the least loaded, among equals the one that served
   * least. Undefined where all are full or rest.
   */
  choose({ run, iteration }: Identity, now: number): CredentialSlots | undefined {
    const free = this.all().filter((slots) => slots.isFree(now));
    const [leastLoaded] = free.toSorted((left, right) => left.inFlight - right.inFlight || left.served - right.served);
    // Outside a run there is no conversation to keep together: one token stands for many tools.
    if (iteration === 0 || leastLoaded === undefined) return leastLoaded;
    const key = `${run} ${iteration}`;
    const home = this.#homes.get(key);
    const chosen = free.find(({ credential }) => credential.label === home) ?? leastLoaded;
    this.#homes.set(key, chosen.credential.label);
    return chosen;
  }

  /** Whether any has a free slot. @param now ms since the epoch. */
  hasFree(now: number): boolean {
    return this.all().some((slots) => slots.isFree(now));
  }
}
