import { isAbsolute, join } from "node:path/posix";
import type { ScriptedToolCall } from "../script/tool-call.ts";
import { asObject, asText, type JsonObject } from "./json.ts";
import { sampleOfSchema } from "./schema-sample.ts";
import { toEditCommand, toReadCommand, toWriteCommand } from "./shell-commands.ts";
import type { OfferedTool } from "./wires/wire.ts";

/**
 * What the tools of the known agents are called, by what they do. Compared without case.
 * Copilot's `create` is left out: it makes no folders and refuses files that exist.
 */
const TOOL_NAMES = {
  shell: ["bash", "shell", "run_shell_command", "exec_command", "shell_command", "exec"],
  write: ["write", "write_file"],
  edit: ["edit", "replace"],
  read: ["read", "read_file", "view"],
} as const;

/** What the same input is called by the tools of the known agents. */
const INPUT_NAMES = {
  command: ["command", "cmd"],
  path: ["file_path", "filePath", "path", "absolute_path"],
  content: ["content"],
  old: ["old_string", "oldString", "old_str", "old"],
  new: ["new_string", "newString", "new_str", "new"],
} as const;

type ToolKind = keyof typeof TOOL_NAMES;
type InputKind = keyof typeof INPUT_NAMES;

/** A scripted call in the words of an offered tool. */
export type TranslatedCall = { readonly tool: OfferedTool; readonly input: JsonObject | string };

/** Tells whether the request offers a shell, and so is the agent's work rather than a side request. */
export function offersShell(tools: readonly OfferedTool[]): boolean {
  return findTool(tools, "shell") !== undefined;
}

/**
 * Puts a scripted call into the words of the tools that a request offers. Where the fitting tool is missing, or its inputs
 * have names nobody knows, the shell does the same.
 * @param workspace the agent's working directory, where the request tells it: some tools want absolute paths.
 * @returns undefined where there is no shell either.
 */
export function translateCall(
  call: ScriptedToolCall,
  tools: readonly OfferedTool[],
  workspace?: string,
): TranslatedCall | undefined {
  const absolute = (path: string): string =>
    isAbsolute(path) || workspace === undefined ? path : join(workspace, path);
  if ("shell" in call) return useShell(tools, call.shell);
  if ("write" in call) {
    const { path, content } = call.write;
    return useTool(tools, "write", { path: absolute(path), content }) ?? useShell(tools, toWriteCommand(call.write));
  }
  if ("edit" in call) {
    const { path, old, new: replacement } = call.edit;
    const inputs = { path: absolute(path), old, new: replacement };
    return useTool(tools, "edit", inputs) ?? useShell(tools, toEditCommand(call.edit));
  }
  return useTool(tools, "read", { path: absolute(call.read) }) ?? useShell(tools, toReadCommand(call.read));
}

function findTool(tools: readonly OfferedTool[], kind: ToolKind): OfferedTool | undefined {
  const names: readonly string[] = TOOL_NAMES[kind];
  return names.map((name) => tools.find((tool) => tool.name.toLowerCase() === name)).find((tool) => tool !== undefined);
}

function useShell(tools: readonly OfferedTool[], command: string): TranslatedCall | undefined {
  const tool = findTool(tools, "shell");
  if (tool?.freeform === true) return { tool, input: toCodeModeProgram(command) };
  return useTool(tools, "shell", { command });
}

/** Codex' code mode: the tool takes a JavaScript program, in which the shell is a function. */
function toCodeModeProgram(command: string): string {
  return `const result = await tools.exec_command({ cmd: ${JSON.stringify(command)} });\ntext(result.output);`;
}

function useTool(
  tools: readonly OfferedTool[],
  kind: ToolKind,
  inputs: Partial<Readonly<Record<InputKind, string>>>,
): TranslatedCall | undefined {
  const tool = findTool(tools, kind);
  if (tool === undefined || tool.freeform) return undefined;
  const properties = asObject(tool.schema["properties"]);
  const named = Object.entries(inputs).map(([input, value]) => {
    const name = INPUT_NAMES[input as InputKind].find((candidate) => candidate in properties);
    return name === undefined ? undefined : ([name, toDeclaredType(value, asObject(properties[name]))] as const);
  });
  if (named.includes(undefined)) return undefined;
  // What the tool requires beside (a description, an instruction, a flag) gets the plainest value that fits.
  const required = asObject(sampleOfSchema(tool.schema, "As the script says"));
  return { tool, input: { ...required, ...Object.fromEntries(named.filter((entry) => entry !== undefined)) } };
}

/** Some shells take their command as a list of arguments. */
function toDeclaredType(value: string, schema: JsonObject): string | readonly string[] {
  return asText(schema["type"]).toLowerCase() === "array" ? ["bash", "-lc", value] : value;
}
