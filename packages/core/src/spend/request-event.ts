/**
 * What the gateway writes of each request to a model. Together these events are the ledger: an amount is promised before the request
 * leaves (`request_reserved`) and replaced by what it came to afterwards (`request_settled`).
 */
import type { TokenUsage } from "../agent/agent-event.ts";
import type { MicroUsd } from "../money.ts";
import type { BudgetScope } from "./budget.ts";

/** Formats in which agents speak to model providers. */
export const WIRES = ["anthropic", "openai_responses", "openai_chat", "gemini"] as const;
export type Wire = (typeof WIRES)[number];

/** Whose model answers. */
export const PROVIDERS = ["anthropic", "openai", "gemini"] as const;
export type Provider = (typeof PROVIDERS)[number];

/** An amount of both kinds: money in micro-dollars, tokens of every kind together. Integers ≥ 0. */
export type Amount = { readonly cost: MicroUsd; readonly tokens: number };

/**
 * How much of a request's usage was seen. `whole`: all of it. `partial`: the answer was cut; counted as far as seen. `estimated`: the
 * answer came whole and named no usage. `lost`: the gateway died, or the answer never came; what was promised is charged in full.
 * `none`: nothing was used, as with an error or a count of tokens.
 */
export type Completeness = "whole" | "partial" | "estimated" | "lost" | "none";

/** Where a price comes from. `dearest`: of that provider, because the model is in no table. `unpriced`: none, and `cost` is 0. */
export type PriceSource = "list" | "override" | "dearest" | "unpriced";

/** Why the gateway did not send a request on. */
export type RefusalReason = "budget" | "unpriced" | "safety" | "endpoint" | "credential" | "upstream" | "body";

/** Something about a request that people may want to know: a secret in it, a broken cache, a full window. Never holds the secret. */
export type RequestSignal = {
  readonly kind:
    | "secret"
    | "personal_data"
    | "hidden_unicode"
    | "injection"
    | "context_full"
    | "cache_broken"
    | "rate_limited"
    | "retried"
    | "fallback";
  /** What was done about it. */
  readonly action: "reported" | "redacted" | "refused";
  /** One sentence, at most 300 characters. */
  readonly detail: string;
};

/** An event of the ledger. `request` is unique in its journal. `iteration` is 0 outside a run. */
export type RequestEvent =
  | {
      readonly type: "request_reserved";
      readonly request: string;
      readonly iteration: number;
      readonly wire: Wire;
      readonly model: string;
      /** The most that it can come to. */
      readonly reserved: Amount;
    }
  | {
      readonly type: "request_settled";
      readonly request: string;
      readonly iteration: number;
      readonly wire: Wire;
      /** As the provider names it in its answer, else as the agent asked. */
      readonly model: string;
      /** The credential's label, such as `anthropic-1`. Never the credential. */
      readonly credential: string;
      readonly usage: TokenUsage;
      readonly cost: MicroUsd;
      readonly priceFrom: PriceSource;
      readonly completeness: Completeness;
      /** HTTP status that the agent saw; 0 where it saw none. */
      readonly status: number;
      /** ms from the request's arrival to the first byte of the answer and to its end. */
      readonly firstByteMs: number;
      readonly durationMs: number;
      /** Times that it was sent to a provider. */
      readonly attempts: number;
      /** Tokens of the model's window; left out where unknown. */
      readonly contextWindow?: number;
    }
  | {
      readonly type: "request_refused";
      readonly request: string;
      readonly iteration: number;
      readonly wire?: Wire;
      readonly model?: string;
      readonly reason: RefusalReason;
      /** Which budget, where one is spent. */
      readonly scope?: BudgetScope;
      readonly detail: string;
    }
  | ({ readonly type: "request_flagged"; readonly request: string; readonly iteration: number } & RequestSignal)
  /** A soft limit was crossed. */
  | {
      readonly type: "budget_warned";
      readonly scope: BudgetScope;
      readonly spent: Amount;
      /** In one sentence. */
      readonly detail: string;
    };

/** No money, no tokens. */
export const NO_AMOUNT: Amount = { cost: 0 as MicroUsd, tokens: 0 };
