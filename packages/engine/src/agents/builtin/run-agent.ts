import { setTimeout as delay } from "node:timers/promises";
import type { LanguageModel, ModelMessage } from "ai";
import { addUsage, type AgentEvent, NO_USAGE } from "@cloister/core";
import { classifyError, type RequestFailure } from "./classify-error.ts";
import { askModel, type ModelCall, type ModelTurn } from "./model-turn.ts";
import { toSummary } from "../text.ts";
import { BUILTIN_TOOLS } from "./tools/index.ts";
import type { ToolContext } from "./tools/tool.ts";
import { toTokenUsage } from "./usage.ts";

/** How often a request that failed for a passing reason is made in all. */
const ATTEMPTS = 4;
const FIRST_DELAY_MS = 500;
/** Longer waits are the engine's: it can do something else meanwhile. */
const MAX_DELAY_MS = 20_000;

/** What a run of the builtin agent needs. */
export type AgentRun = {
  readonly model: LanguageModel;
  readonly modelName: string;
  readonly prompt: string;
  readonly context: ToolContext;
  /** Requests to the model at most. */
  readonly maxSteps: number;
};

type Result = { readonly text: string } | { readonly failed: Omit<RequestFailure, "retryable"> };

/**
 * Works on the prompt until the model answers without calling a tool. Ends with `finished`, with `failed` before it where
 * it went wrong. Tool calls run one after another, so that two edits of a file cannot cross.
 */
export async function* runAgent(run: AgentRun): AsyncGenerator<AgentEvent, boolean, void> {
  yield { type: "session_started", model: run.modelName };
  const result = yield* runSteps(run);
  if ("failed" in result) {
    const { failure, message, resetAt } = result.failed;
    yield { type: "failed", failure, message, ...(resetAt === undefined ? {} : { resetAt }) };
    yield { type: "finished", ok: false };
    return false;
  }
  yield { type: "finished", ok: true, text: result.text };
  return true;
}

async function* runSteps(run: AgentRun): AsyncGenerator<AgentEvent, Result, void> {
  const messages: ModelMessage[] = [{ role: "user", content: run.prompt }];
  let usage = NO_USAGE;
  for (let step = 0; step < run.maxSteps; step++) {
    const turn = yield* askWithRetries(run, messages);
    if ("failed" in turn) return turn;
    usage = addUsage(usage, toTokenUsage(turn.usage));
    yield { type: "usage", usage, model: run.modelName };
    yield* turn.thoughts.map((text) => ({ type: "thought", text }) as const);
    if (turn.text !== "") yield { type: "message", text: turn.text };
    if (turn.calls.length === 0) return endOf(turn);
    messages.push(...turn.messages, ...(yield* runCalls(turn.calls, run.context)));
  }
  return { failed: { failure: "crash", message: `No end after ${run.maxSteps} requests to the model.` } };
}

function endOf({ finish, text }: ModelTurn): Result {
  if (finish === "length") {
    return { failed: { failure: "context_overflow", message: "The model's answer was cut at its limit of tokens." } };
  }
  if (finish === "content-filter") return { failed: { failure: "crash", message: "The model refused to answer." } };
  return { text };
}

type Failed = { readonly failed: RequestFailure };

async function* askWithRetries(
  { model, context }: AgentRun,
  messages: readonly ModelMessage[],
): AsyncGenerator<AgentEvent, ModelTurn | Failed, void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await askModel(model, messages, context.onLife);
    } catch (error: unknown) {
      const now = Date.now();
      const failed = classifyError(error, now);
      const delayMs = failed.resetAt === undefined ? FIRST_DELAY_MS * 2 ** (attempt - 1) : failed.resetAt - now;
      if (!failed.retryable || attempt === ATTEMPTS || delayMs > MAX_DELAY_MS) return { failed };
      yield { type: "retrying", failure: failed.failure, message: failed.message, delayMs };
      await delay(delayMs);
    }
  }
}

async function* runCalls(
  calls: readonly ModelCall[],
  context: ToolContext,
): AsyncGenerator<AgentEvent, ModelMessage[], void> {
  const results: ModelMessage[] = [];
  for (const call of calls) {
    const { ok, text } = yield* runCall(call, context);
    yield { type: "tool_finished", tool: call.tool, ok, summary: toSummary(text) };
    if (call.refused === undefined) results.push(toToolMessage(call, ok, text));
  }
  return results;
}

type CallResult = { readonly ok: boolean; readonly text: string };

async function* runCall(call: ModelCall, context: ToolContext): AsyncGenerator<AgentEvent, CallResult, void> {
  const tool = BUILTIN_TOOLS[call.tool];
  if (call.refused !== undefined || tool === undefined) {
    yield { type: "tool_called", tool: call.tool, summary: "" };
    return { ok: false, text: call.refused ?? `There is no tool ${call.tool}.` };
  }
  try {
    const { summary, run } = tool.prepare(call.input);
    yield { type: "tool_called", tool: call.tool, summary: toSummary(summary) };
    return { ok: true, text: await run(context) };
  } catch (error: unknown) {
    return { ok: false, text: error instanceof Error ? error.message : String(error) };
  }
}

function toToolMessage({ id, tool }: ModelCall, ok: boolean, text: string): ModelMessage {
  const output = ok ? ({ type: "text", value: text } as const) : ({ type: "error-text", value: text } as const);
  return { role: "tool", content: [{ type: "tool-result", toolCallId: id, toolName: tool, output }] };
}
