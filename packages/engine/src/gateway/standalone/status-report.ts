import type { BudgetScope, Provider, Wire } from "@cloister/core";
import type { Gateway } from "../create-gateway.ts";
import type { CredentialHealth, UpstreamHealth } from "../limits/index.ts";
import type { GatewaySession } from "./gateway-session.ts";
import type { GatewayTotals, PastRequest } from "./request-history.ts";

/** What the status page shows, and `/status.json` says. Times are ISO 8601, UTC; money is in micro-dollars. Holds no secret. */
export type StatusReport = {
  readonly gateway: string;
  /** Cloister's. */
  readonly version: string;
  readonly url: string;
  readonly startedAt: string;
  readonly time: string;
  /** Folders of cassettes, where some are written or played. */
  readonly record: string | null;
  readonly replay: string | null;
  /** Across resumes. */
  readonly totals: GatewayTotals;
  readonly budgets: readonly BudgetStatus[];
  readonly upstreams: readonly UpstreamStatus[];
  readonly credentials: readonly CredentialStatus[];
  /** The oldest first; without those that cost nothing. */
  readonly underWay: readonly RequestUnderWay[];
  /** The latest first. */
  readonly requests: readonly PastRequest[];
};

/** A budget with a limit. */
export type BudgetStatus = {
  readonly scope: BudgetScope;
  readonly cost: number;
  readonly maxCost: number | null;
  readonly tokens: number;
  readonly maxTokens: number | null;
};

export type UpstreamStatus = Pick<UpstreamHealth, "provider" | "upstream" | "state" | "waiting">;

export type CredentialStatus = Pick<CredentialHealth, "label" | "state" | "inFlight"> & {
  readonly provider: Provider;
  /** Where it was found. */
  readonly from: string;
  /** When it is tried again. */
  readonly until: string | null;
  /** What a subscription last said of its windows, and when they begin anew. */
  readonly subscription: { readonly status: string; readonly claim: string; readonly resetAt: string | null } | null;
};

/** What was promised to a request whose end is to come. */
export type RequestUnderWay = {
  readonly request: string;
  readonly since: string;
  readonly wire: Wire;
  readonly model: string;
  readonly reservedCost: number;
  readonly reservedTokens: number;
};

/** What a report is made of. */
export type StatusSources = {
  readonly session: GatewaySession;
  readonly gateway: Pick<Gateway, "url" | "providers" | "health">;
  readonly credentials: readonly { readonly label: string; readonly from: string }[];
  readonly version: string;
  readonly record?: string;
  readonly replay?: string;
  /** ms since the epoch. */
  readonly startedAt: number;
  readonly now: number;
};

/** Describes a gateway as it is now. */
export function describeStatus(sources: StatusSources): StatusReport {
  const { session, gateway, version, record = null, replay = null, startedAt, now } = sources;
  const health = gateway.health().filter(({ provider }) => gateway.providers.includes(provider));
  return {
    gateway: session.identity.run,
    version,
    url: gateway.url,
    startedAt: toTime(startedAt),
    time: toTime(now),
    record,
    replay,
    totals: session.history.totals,
    budgets: describeBudgets(session),
    upstreams: health.map(({ provider, upstream, state, waiting }) => ({ provider, upstream, state, waiting })),
    credentials: describeCredentials(health, sources.credentials),
    underWay: describeUnderWay(session),
    requests: session.history.past,
  };
}

function describeBudgets(session: GatewaySession): readonly BudgetStatus[] {
  return session.budgetViews().map(({ scope, spent, maxCost = null, maxTokens = null }) => {
    return { scope, cost: spent.cost, maxCost, tokens: spent.tokens, maxTokens };
  });
}

/** The upstreams of a provider have its credentials in common: each is told of once. */
function describeCredentials(
  health: readonly UpstreamHealth[],
  found: StatusSources["credentials"],
): readonly CredentialStatus[] {
  const byLabel = new Map<string, CredentialStatus>();
  for (const { provider, credentials } of health)
    for (const { label, state, inFlight, until, subscription } of credentials)
      byLabel.set(label, {
        provider,
        label,
        from: found.find((credential) => credential.label === label)?.from ?? "",
        state,
        inFlight,
        until: until === undefined ? null : toTime(until),
        subscription: subscription === undefined ? null : describeSubscription(subscription),
      });
  return [...byLabel.values()];
}

function describeSubscription({
  status = "",
  claim = "",
  resetAt,
}: NonNullable<CredentialHealth["subscription"]>): NonNullable<CredentialStatus["subscription"]> {
  return { status, claim, resetAt: resetAt === undefined ? null : toTime(resetAt) };
}

function describeUnderWay({ history }: GatewaySession): readonly RequestUnderWay[] {
  return history.underWay.map(({ time, event: { request, wire, model, reserved } }) => {
    return { request, since: toTime(time), wire, model, reservedCost: reserved.cost, reservedTokens: reserved.tokens };
  });
}

/** Times of providers' headers are anything: what is no date is shown as the latest that there is. */
function toTime(time: number): string {
  return new Date(Math.min(Math.max(time, 0), MAX_TIME)).toISOString();
}

const MAX_TIME = 8_640_000_000_000_000;
