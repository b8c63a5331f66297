import { z } from "zod";

/** What creates or overwrites a file. Missing folders are created. */
export type ScriptedWrite = { readonly path: string; readonly content: string };

/** What edits a file: the first `old` becomes `new`. */
export type ScriptedEdit = { readonly path: string; readonly old: string; readonly new: string };

/**
 * A tool call as a script says it, before it is put into the words of the tools that a request offers.
 * Paths are relative to the agent's working directory, or absolute.
 */
export type ScriptedToolCall =
  | { readonly shell: string }
  | { readonly write: ScriptedWrite }
  | { readonly edit: ScriptedEdit }
  | { readonly read: string };

const path = z.string().min(1);

/** Checks a {@link ScriptedWrite}. */
export const writeSchema: z.ZodType<ScriptedWrite> = z.strictObject({ path, content: z.string() });

/** Checks a {@link ScriptedEdit}. */
export const editSchema: z.ZodType<ScriptedEdit> = z.strictObject({ path, old: z.string().min(1), new: z.string() });

/** Checks a {@link ScriptedToolCall}. */
export const toolCallSchema: z.ZodType<ScriptedToolCall> = z.union([
  z.strictObject({ shell: z.string().min(1) }),
  z.strictObject({ write: writeSchema }),
  z.strictObject({ edit: editSchema }),
  z.strictObject({ read: path }),
]);
