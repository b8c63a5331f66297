import type { z } from "zod";
import type { ShellGroups } from "./shell-groups.ts";

/** Where tools work. */
export type ToolContext = {
  /** Absolute path of the folder that paths are relative to and confined to. */
  readonly workspace: string;
  /** The commands under way and what they left running. */
  readonly groups: ShellGroups;
  /** Environment of commands. */
  readonly env: Readonly<Record<string, string>>;
  /** Called at each sign of life during a long call. */
  readonly onLife: () => void;
};

/** A call whose input has been read. */
export type PreparedCall = {
  /** The call in one line, for people. */
  readonly summary: string;
  /** Does it; what it returns goes to the model. Rejects with an Error whose message tells the model what was wrong. */
  readonly run: (context: ToolContext) => Promise<string>;
};

/** A tool that the model may call. */
export type BuiltinTool = {
  readonly description: string;
  readonly input: z.ZodType;
  /** Reads the input of a call. Throws a ZodError where it does not fit {@link input}. */
  readonly prepare: (input: unknown) => PreparedCall;
};

/** Ties a tool's input schema to the function that takes it. */
export function defineTool<Input>(tool: {
  readonly description: string;
  readonly input: z.ZodType<Input>;
  readonly describe: (input: Input) => string;
  readonly run: (input: Input, context: ToolContext) => Promise<string> | string;
}): BuiltinTool {
  return {
    description: tool.description,
    input: tool.input,
    prepare(raw) {
      const input = tool.input.parse(raw);
      return { summary: tool.describe(input), run: async (context) => tool.run(input, context) };
    },
  };
}
