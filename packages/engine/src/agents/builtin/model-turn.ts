import {
  type FinishReason,
  type LanguageModel,
  type LanguageModelUsage,
  type ModelMessage,
  streamText,
  tool,
  type ToolSet,
} from "ai";
import { SYSTEM_PROMPT } from "./system-prompt.ts";
import { BUILTIN_TOOLS } from "./tools/index.ts";

/** A tool call that the model made. */
export type ModelCall = {
  readonly id: string;
  readonly tool: string;
  readonly input: unknown;
  /** Why it cannot be run, where the input does not fit or there is no such tool. The model has been answered. */
  readonly refused?: string;
};

/** What one request to the model brought. */
export type ModelTurn = {
  readonly text: string;
  readonly thoughts: readonly string[];
  readonly calls: readonly ModelCall[];
  /** What to add to the conversation. */
  readonly messages: readonly ModelMessage[];
  readonly usage: LanguageModelUsage;
  readonly finish: FinishReason;
};

/** The tools as the SDK wants them: without a function to run, since calls are run here, one after another. */
const TOOL_SET: ToolSet = Object.fromEntries(
  Object.entries(BUILTIN_TOOLS).map(([name, { description, input }]) => [
    name,
    tool({ description, inputSchema: input }),
  ]),
);

/** Anthropic caches what is marked; the others do so by themselves. OpenAI is to keep nothing: the conversation is sent whole. */
const PROVIDER_OPTIONS = { anthropic: { cacheControl: { type: "ephemeral" } }, openai: { store: false } } as const;

/**
 * Asks the model to go on with `messages`. `onLife` is called at each piece that comes.
 * @throws what the provider's package throws; `classify-error.ts` knows what it means. Nothing has been done then.
 */
export async function askModel(
  model: LanguageModel,
  messages: readonly ModelMessage[],
  onLife: () => void,
): Promise<ModelTurn> {
  const result = streamText({
    model,
    instructions: SYSTEM_PROMPT,
    messages: [...messages],
    tools: TOOL_SET,
    providerOptions: PROVIDER_OPTIONS,
    maxRetries: 0,
    onError: () => undefined, // Errors come as parts of the stream, too; the default prints them.
  });
  const calls: ModelCall[] = [];
  for await (const part of result.stream) {
    onLife();
    if (part.type === "error") throw part.error;
    if (part.type === "tool-call") calls.push(toModelCall(part));
  }
  const [text, reasoning, response, usage, finish] = await Promise.all([
    result.text,
    result.reasoning,
    result.response,
    result.usage,
    result.finishReason,
  ]);
  // The SDK takes a stream that just stops for an answer; a claim in it would be half a word.
  if (finish === "error" || finish === "interrupted") throw new Error("The connection ended before the answer did.");
  const thoughts = reasoning.flatMap((part) => ("text" in part && part.text !== "" ? [part.text] : []));
  return { text, thoughts, calls, messages: response.messages, usage, finish };
}

function toModelCall(part: {
  toolCallId: string;
  toolName: string;
  input: unknown;
  invalid?: boolean | undefined;
  error?: unknown;
}): ModelCall {
  const call = { id: part.toolCallId, tool: part.toolName, input: part.input };
  return part.invalid === true ? { ...call, refused: String(part.error) } : call;
}
