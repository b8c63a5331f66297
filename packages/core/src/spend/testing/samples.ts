import { NO_USAGE } from "../../agent/agent-event.ts";
import type { MicroUsd } from "../../money.ts";
import type { Budget, BudgetLimits, BudgetScope } from "../budget.ts";
import type { Amount, RequestEvent } from "../request-event.ts";

/** An amount for tests. */
export function amount(cost: number, tokens: number = 0): Amount {
  return { cost: cost as MicroUsd, tokens };
}

/** A budget for tests; `maxCost` in micro-dollars. */
export function budget(scope: BudgetScope, maxCost?: number, maxTokens?: number): Budget {
  return { ...limits(maxCost, maxTokens), scope, key: `${scope}:1` };
}

/** Limits for tests. */
export function limits(maxCost?: number, maxTokens?: number): BudgetLimits {
  return {
    ...(maxCost === undefined ? {} : { maxCost: maxCost as MicroUsd }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
  };
}

type EventOf<Type extends RequestEvent["type"]> = Extract<RequestEvent, { type: Type }>;

/** A reservation for tests. */
export function reserved(request: string, bound: Amount): EventOf<"request_reserved"> {
  return {
    type: "request_reserved",
    request,
    iteration: 3,
    wire: "anthropic",
    model: "claude-opus-5-5",
    reserved: bound,
  };
}

/** A settlement for tests. */
export function settled(
  request: string,
  changes: Partial<EventOf<"request_settled">> = {},
): EventOf<"request_settled"> {
  return {
    type: "request_settled",
    request,
    iteration: 3,
    wire: "anthropic",
    model: "claude-opus-5-5-20260901",
    credential: "anthropic-1",
    usage: { ...NO_USAGE, input: 100, cacheRead: 20, cacheWrite: 3, output: 50, reasoning: 7 },
    cost: 1234 as MicroUsd,
    priceFrom: "list",
    completeness: "whole",
    status: 200,
    firstByteMs: 300,
    durationMs: 900,
    attempts: 1,
    ...changes,
  };
}
