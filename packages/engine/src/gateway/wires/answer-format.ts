import type { TokenUsage } from "@cloister/core";
import type { JsonObject } from "../../agents/json-value.ts";

/** Tokens by kind, with the part of `cacheWrite` that is kept for an hour. */
export type AnswerCounts = TokenUsage & { readonly longCacheWrite: number };

/** What one document of an answer tells: an event of its stream, or its whole body. What it does not tell is left out. */
export type Reading = {
  /** They replace what earlier documents told, kind by kind. */
  readonly counts?: Partial<AnswerCounts>;
  readonly model?: string;
  /** The counts are complete: no document after this one changes them. */
  readonly final?: boolean;
};

/** How a wire's answers name usage, model and text. */
export type AnswerFormat = {
  /** The key whose object holds the usage. Events without it are not parsed. */
  readonly usageKey: string;
  readonly modelKey: string;
  /** The keys of text, thoughts and tool arguments in an event of a stream. */
  readonly eventTextKeys: readonly string[];
  /** The same in a body. */
  readonly bodyTextKeys: readonly string[];
  /** Contract: pure, never throws. */
  read(document: JsonObject): Reading;
};
