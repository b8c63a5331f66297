import { z } from "zod";
import { faultSchema } from "./fault.ts";
import type { PromptMatch, Script, ScriptedConversation, ScriptedDelay, ScriptedUsage, Turn } from "./script.ts";
import { editSchema, type ScriptedToolCall, toolCallSchema, writeSchema } from "./tool-call.ts";

/** The final answer of a script that names none. It claims the task. */
const DEFAULT_FINAL = "All steps are done.\n\nTASK_COMPLETE";
const MAX_DELAY_MS = 3_600_000;

const tokens = z.int().min(0).exactOptional();
const delayMs = z.number().min(0).max(MAX_DELAY_MS).default(0);

const usageSchema: z.ZodType<ScriptedUsage> = z.strictObject({
  input: tokens,
  cacheRead: tokens,
  cacheWrite: tokens,
  output: tokens,
  reasoning: tokens,
});

const delaySchema: z.ZodType<ScriptedDelay> = z.strictObject({ firstByteMs: delayMs, betweenChunksMs: delayMs });

/** A turn takes its one tool call directly (`shell: npm test`), or several under `calls`. */
const turnSchema: z.ZodType<Turn> = z
  .strictObject({
    thinking: z.string().exactOptional(),
    text: z.string().exactOptional(),
    shell: z.string().min(1).exactOptional(),
    write: writeSchema.exactOptional(),
    edit: editSchema.exactOptional(),
    read: z.string().min(1).exactOptional(),
    calls: z.array(toolCallSchema).default([]),
    usage: usageSchema.exactOptional(),
    delay: delaySchema.exactOptional(),
    fault: faultSchema.exactOptional(),
  })
  .transform(({ shell, write, edit, read, calls, ...turn }) => {
    const direct: readonly (ScriptedToolCall | undefined)[] = [
      shell === undefined ? undefined : { shell },
      write && { write },
      edit && { edit },
      read === undefined ? undefined : { read },
    ];
    return { ...turn, calls: [...direct.filter((call) => call !== undefined), ...calls] };
  });

const matchSchema: z.ZodType<PromptMatch> = z.union([
  z.string().min(1),
  z.strictObject({
    pattern: z.string().min(1).refine(isRegularExpression, "expected a JavaScript regular expression"),
  }),
]);

const conversationSchema: z.ZodType<ScriptedConversation> = z
  .strictObject({
    name: z.string().exactOptional(),
    match: matchSchema.exactOptional(),
    attempt: z.int().min(1).exactOptional(),
    turns: z.array(turnSchema).default([]),
    final: z.string().exactOptional(),
  })
  .refine(({ turns }) => turns.slice(0, -1).every((turn) => turn.calls.length > 0), {
    message: "expected a tool call in every turn but the last: a turn without one ends the conversation",
    path: ["turns"],
  });

/** Checks and normalises a {@link Script}. */
export const scriptSchema: z.ZodType<Script> = z.strictObject({
  conversations: z.array(conversationSchema),
  final: z.string().default(DEFAULT_FINAL),
  usage: usageSchema.exactOptional(),
  delay: delaySchema.exactOptional(),
});

function isRegularExpression(source: string): boolean {
  try {
    return new RegExp(source, "m").multiline;
  } catch {
    return false; // The schema says so to the author, with the path.
  }
}
