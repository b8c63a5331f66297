import { z } from "zod";
import { type AgentEvent, FAILURE_CLASSES, type TokenUsage } from "@cloister/core";
import { toMessage, toSummary } from "../text.ts";

const count = z.int().min(0);
const usage: z.ZodType<TokenUsage> = z.object({
  input: count,
  cacheRead: count,
  cacheWrite: count,
  output: count,
  reasoning: count,
});
const failure = z.enum(FAILURE_CLASSES);
const text = z.string();
const summary = text.transform(toSummary);
const message = text.transform(toMessage);

/**
 * What the builtin agent's process prints: {@link AgentEvent}, one a line. It is checked like any agent's output: a command that
 * the model runs can write into the output of the process that runs it.
 */
const EVENT = z.discriminatedUnion("type", [
  z.object({ type: z.literal("session_started"), sessionId: text.exactOptional(), model: text.exactOptional() }),
  z.object({ type: z.literal("message"), text }),
  z.object({ type: z.literal("thought"), text }),
  z.object({ type: z.literal("tool_called"), tool: summary, summary }),
  z.object({ type: z.literal("tool_finished"), tool: summary, ok: z.boolean(), summary }),
  z.object({ type: z.literal("usage"), usage, model: text.exactOptional() }),
  z.object({ type: z.literal("retrying"), failure, message, delayMs: count.exactOptional() }),
  z.object({ type: z.literal("failed"), failure, message, resetAt: count.exactOptional() }),
  z.object({ type: z.literal("finished"), ok: z.boolean(), text: text.exactOptional() }),
]);

/** The event that `value` is; undefined where it is none. */
export function readEvent(value: unknown): AgentEvent | undefined {
  return EVENT.safeParse(value).data;
}
