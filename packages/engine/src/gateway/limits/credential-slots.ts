import type { Credential } from "../port.ts";
import type { SeenLimits } from "./rate-limit-headers.ts";

/** ms that a credential rests where the provider does not say: doubled with each refusal after a rest. */
const FIRST_REST_MS = 1000;
const LONGEST_UNSAID_REST_MS = 60_000;
/** Even where the provider says less: what is refused must not be sent again in a tight loop. */
const SHORTEST_REST_MS = 250;
/** ms after which a rejected credential is tried again: people and helpers mend it outside. */
const REJECTED_MS = 60_000;

/**
 * `cooling`: at its rate limit. `rejected`: the provider does not accept it. Both end by themselves.
 */
export type CredentialStateName = "ready" | "cooling" | "rejected";

type Rest = { readonly state: "cooling" | "rejected"; readonly until: number };

/** One credential: its slots for requests under way, and whether the provider accepts it now. Times are ms since the epoch. */
export class CredentialSlots {
  /** Changes when the vault makes it anew; its label stays. */
  credential: Credential;
  /** Rate limits as last seen. */
  limits: SeenLimits | undefined;
  readonly #size: number;
  #rest: Rest | undefined;
  #inFlight = 0;
  #served = 0;
  /** Refusals for its rate, one after each rest. */
  #refusals = 0;
  /** Times that its secret was asked anew, and whether an answer since then shows that it is accepted. */
  #refreshes = 0;
  #isRefreshInDoubt = false;

  constructor(credential: Credential, size: number) {
    this.credential = credential;
    this.#size = size;
  }

  /** Requests under way. */
  get inFlight(): number {
    return this.#inFlight;
  }

  /** Requests that it was given to. */
  get served(): number {
    return this.#served;
  }

  /** Which secret a request is sent with: to tell refusals of an older one. */
  get refreshes(): number {
    return this.#refreshes;
  }

  /** Why it rests at `now`; undefined where it does not. */
  restAt(now: number): Rest | undefined {
    return this.#rest !== undefined && this.#rest.until > now ? this.#rest : undefined;
  }

  isFree(now: number): boolean {
    return this.restAt(now) === undefined && this.#inFlight < this.#size;
  }

  take(): void {
    this.#inFlight += 1;
    this.#served += 1;
  }

  giveBack(): void {
    this.#inFlight -= 1;
  }

  /** The provider took the secret. @param refreshes as when it was sent: an older one says nothing about this one. */
  accept(refreshes: number): void {
    this.#refusals = 0;
    if (refreshes === this.#refreshes) this.#isRefreshInDoubt = false;
  }

  /** It is at its rate limit. `until`: as the provider says. Parallel refusals are one. */
  cool(until: number | undefined, now: number): void {
    const rest = this.restAt(now);
    if (rest === undefined) this.#refusals += 1;
    const unsaid = Math.min(FIRST_REST_MS * 2 ** (this.#refusals - 1), LONGEST_UNSAID_REST_MS);
    const end = Math.max(until ?? now + unsaid, now + SHORTEST_REST_MS);
    // What the provider says holds, unless an earlier word goes further; a guess never lengthens a rest.
    if (rest === undefined || (until !== undefined && end > rest.until)) this.#rest = { state: "cooling", until: end };
  }

  /** The provider, or the vault, has no use for it. */
  reject(now: number): void {
    this.#rest = { state: "rejected", until: now + REJECTED_MS };
    this.#isRefreshInDoubt = false;
  }

  /**
   * The provider does not know the secret that a request was sent with. @param refreshes as when it was sent.
   * @returns `outdated`: it was replaced meanwhile. `refresh`: it is to be asked anew. `rejected`: that did not help.
   */
  refuseSecret(refreshes: number, now: number): "outdated" | "refresh" | "rejected" {
    if (refreshes < this.#refreshes) return "outdated";
    if (this.restAt(now)?.state === "rejected") return "rejected";
    if (this.#isRefreshInDoubt) {
      this.reject(now);
      return "rejected";
    }
    this.#refreshes += 1;
    this.#isRefreshInDoubt = true;
    return "refresh";
  }
}
