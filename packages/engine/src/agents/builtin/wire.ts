import { z } from "zod";
import { type AgentEvent, FAILURE_CLASSES, type MicroUsd, type TokenUsage } from "@cloister/core";

/**
 * What the builtin agent's process prints: {@link AgentEvent}, one a line. It is checked on reading like any agent's output:
 * the model that the process runs commands for can print to nobody's output but its own, yet a wire is a wire.
 */
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

const EVENT = z.discriminatedUnion("type", [
  z.object({ type: z.literal("session_started"), sessionId: text.exactOptional(), model: text.exactOptional() }),
  z.object({ type: z.literal("message"), text }),
  z.object({ type: z.literal("thought"), text }),
  z.object({ type: z.literal("tool_called"), tool: text, summary: text }),
  z.object({ type: z.literal("tool_finished"), tool: text, ok: z.boolean(), summary: text }),
  z.object({
    type: z.literal("usage"),
    usage,
    model: text.exactOptional(),
    cost: count.transform((amount) => amount as MicroUsd).exactOptional(),
  }),
  z.object({ type: z.literal("retrying"), failure, message: text, delayMs: count.exactOptional() }),
  z.object({ type: z.literal("failed"), failure, message: text, resetAt: z.number().exactOptional() }),
  z.object({ type: z.literal("finished"), ok: z.boolean(), text: text.exactOptional() }),
]);

/** The event that `value` is; undefined where it is none. */
export function readEvent(value: unknown): AgentEvent | undefined {
  return EVENT.safeParse(value).data;
}
