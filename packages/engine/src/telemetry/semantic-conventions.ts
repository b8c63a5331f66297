/**
 * Names of attributes and metrics. `GEN_AI` and `ERROR_TYPE`, `HTTP_STATUS`: OpenTelemetry's semantic conventions, of which the GenAI part is
 * in development (https://github.com/open-telemetry/semantic-conventions-genai, docs/gen-ai/gen-ai-spans.md and gen-ai-metrics.md, read
 * in 2026 against semantic conventions 1.42). They are copied so that a new version of the conventions changes nothing unseen.
 * `CLOISTER`: Cloister's own.
 */

/** Attributes of requests to models. */
export const GEN_AI = {
  operation: "gen_ai.operation.name",
  provider: "gen_ai.provider.name",
  requestModel: "gen_ai.request.model",
  requestStream: "gen_ai.request.stream",
  requestMaxTokens: "gen_ai.request.max_tokens",
  responseModel: "gen_ai.response.model",
  /** s */
  timeToFirstChunk: "gen_ai.response.time_to_first_chunk",
  /** Every kind of input, cached tokens included. */
  inputTokens: "gen_ai.usage.input_tokens",
  cacheReadTokens: "gen_ai.usage.cache_read.input_tokens",
  cacheWriteTokens: "gen_ai.usage.cache_creation.input_tokens",
  /** Reasoning included. */
  outputTokens: "gen_ai.usage.output_tokens",
  reasoningTokens: "gen_ai.usage.reasoning.output_tokens",
  tokenType: "gen_ai.token.type",
} as const;

/** Class of the error that an operation ended with. */
export const ERROR_TYPE = "error.type";
/** Status of the answer that the agent saw. */
export const HTTP_STATUS = "http.response.status_code";
/** Stands for values beyond a bounded set. */
export const OTHER = "_OTHER";

/** Attributes of Cloister's own. */
export const CLOISTER = {
  run: "cloister.run",
  task: "cloister.task",
  iteration: "cloister.iteration",
  agent: "cloister.agent",
  outcome: "cloister.outcome",
  request: "cloister.request",
  wire: "cloister.wire",
  credential: "cloister.credential",
  /** Millionths of a US dollar. */
  cost: "cloister.cost_micro_usd",
  priceFrom: "cloister.price_from",
  completeness: "cloister.completeness",
  attempts: "cloister.attempts",
  reason: "cloister.reason",
  signal: "cloister.signal",
  action: "cloister.action",
  tokenKind: "cloister.token_kind",
} as const;

/** Values of `gen_ai.provider.name`. */
export const PROVIDER_NAMES = { anthropic: "anthropic", openai: "openai", gemini: "gcp.gemini" } as const;

/** Bounds of histogram buckets, as the conventions recommend them; durations reach on to an hour, since agents' requests are long. */
export const TOKEN_BUCKETS: readonly number[] = [
  1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864,
];
export const SECONDS_BUCKETS: readonly number[] = [
  0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92, 163.84, 327.68,
];
export const ITERATION_BUCKETS: readonly number[] = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400];
