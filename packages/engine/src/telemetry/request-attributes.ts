/** What a request to a model is described with. */
import { assertNever, type TokenUsage } from "@cloister/core";
import type { Attributes } from "@opentelemetry/api";
import type { ModelRequest, RequestSummary } from "../gateway/port.ts";
import { CLOISTER, ERROR_TYPE, GEN_AI, HTTP_STATUS, PROVIDER_NAMES } from "./semantic-conventions.ts";

type Settled = RequestSummary["settled"];

/**
 * What the request asks for, in the conventions' words. Requests that cost nothing (counts of tokens, lists of models) are no inference and
 * have no name there: `metadata`.
 */
export function operationName({ wire, facts }: ModelRequest): string {
  if (!facts.billable) return "metadata";
  return wire.name === "gemini" ? "generate_content" : "chat";
}

/** Every kind of input together, as the conventions count it; the ledger counts them apart. */
export function totalInput(usage: TokenUsage): number {
  return usage.input + usage.cacheRead + usage.cacheWrite;
}

/** Class of the error that the request ended with; undefined where it went well. */
export function errorType({ status, completeness }: Settled): string | undefined {
  if (status >= 400) return String(status);
  switch (completeness) {
    case "partial":
      return "answer_cut";
    case "lost":
      return "answer_lost";
    case "whole":
    case "estimated":
    case "none":
      return status === 0 ? "no_answer" : undefined;
    default:
      return assertNever(completeness, "errorType");
  }
}

/** Attributes of a request's span. */
export function requestAttributes({ request, settled }: RequestSummary): Attributes {
  return {
    ...askedFor(request),
    ...usageAttributes(settled),
    [GEN_AI.responseModel]: settled.model,
    [CLOISTER.run]: request.identity.run,
    [CLOISTER.task]: request.identity.task,
    [CLOISTER.iteration]: request.identity.iteration,
    [CLOISTER.request]: request.id,
    [CLOISTER.credential]: settled.credential,
    [CLOISTER.attempts]: settled.attempts,
    [HTTP_STATUS]: settled.status === 0 ? undefined : settled.status,
    [ERROR_TYPE]: errorType(settled),
    [GEN_AI.timeToFirstChunk]: request.facts.stream && settled.status !== 0 ? settled.firstByteMs / 1000 : undefined,
  };
}

function askedFor(request: ModelRequest): Attributes {
  const { model, stream, maxOutputTokens } = request.facts;
  return {
    [GEN_AI.operation]: operationName(request),
    [GEN_AI.provider]: PROVIDER_NAMES[request.wire.provider],
    [GEN_AI.requestModel]: model === "" ? undefined : model,
    [GEN_AI.requestStream]: stream || undefined,
    [GEN_AI.requestMaxTokens]: maxOutputTokens,
    [CLOISTER.wire]: request.wire.name,
  };
}

function usageAttributes({ usage, cost, completeness, priceFrom }: Settled): Attributes {
  const tokens: Attributes = {
    [GEN_AI.inputTokens]: totalInput(usage),
    [GEN_AI.cacheReadTokens]: usage.cacheRead,
    [GEN_AI.cacheWriteTokens]: usage.cacheWrite,
    [GEN_AI.outputTokens]: usage.output,
    [GEN_AI.reasoningTokens]: usage.reasoning,
  };
  return {
    ...(completeness === "none" ? {} : tokens),
    [CLOISTER.cost]: cost,
    [CLOISTER.completeness]: completeness,
    [CLOISTER.priceFrom]: priceFrom,
  };
}
