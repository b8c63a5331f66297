import type { Provider } from "@cloister/core";
import type { CircuitStateName } from "./circuit.ts";
import type { CredentialSlots, CredentialStateName } from "./credential-slots.ts";
import type { ProviderPool } from "./provider-pool.ts";
import type { SubscriptionStatus } from "./rate-limit-headers.ts";

/** A credential as it is now. Never holds the secret. */
export type CredentialHealth = {
  readonly label: string;
  readonly state: CredentialStateName;
  /** When it is tried again, in ms since the epoch. Left out where it is ready. */
  readonly until?: number;
  /** Requests under way. */
  readonly inFlight: number;
  /** What a subscription's last answer said of its windows. */
  readonly subscription?: SubscriptionStatus;
};

/** An upstream as it is now. */
export type UpstreamHealth = {
  readonly provider: Provider;
  /** Its name. */
  readonly upstream: string;
  readonly state: CircuitStateName;
  /** Requests that wait for any credential of the provider. The same for each of its upstreams, as the credentials are. */
  readonly waiting: number;
  readonly credentials: readonly CredentialHealth[];
};

/** Describes the upstreams of one provider. @param now ms since the epoch. */
export function describeHealth(provider: Provider, pool: ProviderPool, now: number): readonly UpstreamHealth[] {
  const credentials = pool.rack.all().map((slots) => describeCredential(slots, now));
  const { waiting } = pool;
  return pool.circuits.all.map(({ upstream, state }) => ({
    provider,
    upstream: upstream.name,
    state,
    waiting,
    credentials,
  }));
}

function describeCredential(slots: CredentialSlots, now: number): CredentialHealth {
  const rest = slots.restAt(now);
  const subscription = slots.limits?.subscription;
  return {
    label: slots.credential.label,
    state: rest?.state ?? "ready",
    ...(rest === undefined ? {} : { until: rest.until }),
    inFlight: slots.inFlight,
    ...(subscription === undefined ? {} : { subscription }),
  };
}
