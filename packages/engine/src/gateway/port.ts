/**
 * The gateway's rooms and what they promise each other. A request passes through them in this order:
 *
 *   identity → wire → safety → money (reserve) → limits (credential, upstream) → relay → wire (usage) → money (settle) → ledger
 *
 * G1. Bytes pass unchanged, both ways: only credentials, hop-by-hop headers, and what a policy redacts are replaced.
 * G2. An amount is on disk before its request leaves, and settled exactly once afterwards.
 * G3. No real credential leaves the vault but in a request to its own provider.
 */
import type {
  Amount,
  BudgetScope,
  Completeness,
  MicroUsd,
  PriceSource,
  Provider,
  RefusalReason,
  RequestEvent,
  RequestSignal,
  TokenUsage,
  Wire,
} from "@cloister/core";
import type { JsonObject } from "../agents/json-value.ts";

/** For whom a token was given out. */
export type Identity = {
  readonly run: string;
  readonly task: string;
  /** 0 outside a run. */
  readonly iteration: number;
  /** W3C trace context that requests are children of. */
  readonly traceparent?: string;
};

/** What a request's body says that the gateway acts upon. */
export type RequestFacts = {
  /** Empty where the request names none. */
  readonly model: string;
  readonly stream: boolean;
  /** The most tokens that the answer may have, where the request says so. */
  readonly maxOutputTokens?: number;
  /** False for requests that cost nothing: counts of tokens, lists of models. */
  readonly billable: boolean;
};

/** A request that has come in. */
export type ModelRequest = {
  /** Unique in the gateway's ledger. */
  readonly id: string;
  readonly identity: Identity;
  readonly wire: WireAdapter;
  readonly facts: RequestFacts;
  readonly method: string;
  /** Path and query, without the token. */
  readonly path: string;
  /** Without hop-by-hop headers, host and credentials. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** The body, where it is a JSON object. */
  readonly json: JsonObject | undefined;
  /** ms, monotonic. */
  readonly startedAt: number;
};

/** Tokens as a provider's answer names them. */
export type MeteredUsage = {
  readonly usage: TokenUsage;
  /** The part of `usage.cacheWrite` that is kept for an hour, which costs more. */
  readonly longCacheWrite: number;
  /** As the answer names it. */
  readonly model?: string;
  /** `partial`: the answer was cut before its usage was complete. `none`: the answer is an error, or names no usage at all. */
  readonly completeness: Extract<Completeness, "whole" | "partial" | "none">;
  /** Bytes of text, thoughts and tool arguments that the answer held: what an estimate is made of where no usage was named. */
  readonly outputBytes: number;
};

/** Reads the usage out of an answer as it passes. Memory is bounded, whatever comes. */
export interface UsageReader {
  /** Takes the next bytes. Never throws. */
  push(chunk: Uint8Array): void;
  /** What was seen. `ended`: the answer came to its proper end. May be called once. */
  finish(ended: boolean): MeteredUsage;
}

/** An answer that the gateway gives itself. */
export type GatewayAnswer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
};

/** Why a request is not sent on, or got no answer; worded for people. */
export type Refusal = {
  readonly reason: RefusalReason | "token" | "rate_limit" | "overloaded";
  readonly message: string;
  /** Which budget, where one is spent. */
  readonly scope?: BudgetScope;
  /** When to try again, where that helps. */
  readonly retryAfterSeconds?: number;
};

/** One format in which agents speak to providers. */
export interface WireAdapter {
  readonly name: Wire;
  readonly provider: Provider;
  /** Never throws; what can't be read is taken for a request that costs the most. */
  readRequest(path: string, body: JsonObject | undefined): RequestFacts;
  /** @param contentType of the answer: decides between a JSON body and an event stream. */
  createUsageReader(contentType: string): UsageReader;
  /** The answer that makes this wire's agents do what is right: stop at once where a budget is spent, try again where that helps. */
  refuse(refusal: Refusal): GatewayAnswer;
}

/** A way to authenticate at one provider. Its secret is in memory only. */
export interface Credential {
  /** For people and the ledger: `anthropic-1`. */
  readonly label: string;
  readonly provider: Provider;
  /** The headers that authenticate a request; helpers and expiring tokens are asked anew where needed. @throws CloisterError `credential_invalid` */
  headers(): Promise<Readonly<Record<string, string>>>;
}

/** Where requests of a provider go. */
export type Upstream = {
  /** For people: `anthropic`, `anthropic-fallback`. */
  readonly name: string;
  readonly provider: Provider;
  /** As the provider's SDKs take it: OpenAI's ends in `/v1`, the others have no version. */
  readonly baseUrl: string;
};

/** What one attempt of a request is sent with. */
export type Lease = {
  readonly credential: Credential;
  readonly upstream: Upstream;
  /** The model to ask for instead, where a fall-back says so. */
  readonly model?: string;
};

/** How an attempt ended, for the limits. */
export type AttemptEnd =
  | { readonly type: "answered"; readonly status: number; readonly headers: Readonly<Record<string, string>> }
  /** No answer: refused, reset, timed out. */
  | { readonly type: "unreachable"; readonly error: Error }
  /** The agent went away first. */
  | { readonly type: "abandoned" };

/** What to do after an attempt, before any byte of an answer went to the agent. */
export type NextMove =
  /** Pass the answer on, or where there is none, refuse. */
  | { readonly type: "answer"; readonly refusal?: Refusal }
  /** Ask for another lease at once. */
  | { readonly type: "again"; readonly signal: RequestSignal };

/** Shares credentials and upstreams among all requests: queues, rate limits, circuit breakers. */
export interface LimitGate {
  /** Waits for a turn. `attempt` is from 1. Rejects with {@link RefusedError} where there is none to wait for. */
  acquire(request: ModelRequest, attempt: number, signal: AbortSignal): Promise<Lease>;
  /** Tells how the attempt ended, and asks what is next. Called once per lease, when the answer's headers are there, or none will come. */
  judge(request: ModelRequest, lease: Lease, attempt: number, end: AttemptEnd): NextMove;
  /** Gives the turn back, when the answer is over. Called once per lease. */
  release(lease: Lease): void;
}

/** What is to be done with a request. */
export type Inspection = {
  readonly signals: readonly RequestSignal[];
  /** To send instead, where something was redacted. */
  readonly body?: Buffer;
  /** Why it is not to be sent at all. */
  readonly refusal?: string;
};

/** Looks through a request before it leaves. */
export interface SafetyInspector {
  inspect(request: ModelRequest): Promise<Inspection>;
}

/** A price and where it is from. */
export type Price = { readonly cost: MicroUsd; readonly from: PriceSource };

/** Reckons money. */
export interface PriceList {
  /** What a request came to. @param model as answered, else as asked. @param asked whose price it has where `model` is in no table. */
  price(provider: Provider, model: string, usage: MeteredUsage, asked?: string): Price;
  /** The most that a request can come to; undefined where its model has no price and the policy is to refuse. */
  bound(request: ModelRequest): Amount | undefined;
  /** Tokens of the model's window, where known. */
  contextWindow(provider: Provider, model: string): number | undefined;
}

/** Follows the size of requests and the shared prefix between them. */
export interface ContextWatch {
  /** Before a request leaves. Never throws. */
  sent(request: ModelRequest): readonly RequestSignal[];
  /** After its answer. */
  answered(request: ModelRequest, usage: TokenUsage, window: number | undefined): readonly RequestSignal[];
}

/** Keeps what passed, for replay. */
export interface Recorder {
  /** Begins a transcript; the returned handle takes the answer. Never throws: what can't be written is said once. */
  begin(request: ModelRequest): RecordingHandle;
}

export interface RecordingHandle {
  head(status: number, headers: Readonly<Record<string, string>>): void;
  chunk(bytes: Uint8Array): void;
  /** `ended`: the answer came to its proper end. */
  end(ended: boolean): void;
}

/** What became of a request, for telemetry and logs. */
export type RequestSummary = {
  readonly request: ModelRequest;
  readonly settled: Extract<RequestEvent, { type: "request_settled" }>;
};

/** Told of everything that goes on. Never throws. */
export interface GatewayObserver {
  settled?(summary: RequestSummary): void;
  refused?(event: Extract<RequestEvent, { type: "request_refused" }>): void;
  flagged?(event: Extract<RequestEvent, { type: "request_flagged" }>): void;
}

/** Thrown inside the gateway where a request is refused; becomes the wire's own answer. */
export class RefusedError extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = "RefusedError";
    this.refusal = refusal;
  }
}
