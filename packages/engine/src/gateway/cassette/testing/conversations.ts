/** The two requests of a conversation with one tool call, over each wire. `session` stands for all that another run has otherwise. */
export type Conversation = {
  readonly path: string;
  readonly first: (session: string) => object;
  readonly second: (session: string) => object;
};

const parameters = { type: "object", properties: { command: { type: "string" } } };
const functionTool = { name: "bash", parameters };

function promptOf(session: string): string {
  return `Mend it. Folder: /tmp/${session}/work. Today: 2026-11-2${session.length}.`;
}

function anthropic(stream: boolean): Conversation {
  const tools = [{ name: "bash", input_schema: parameters }];
  const past = [
    { role: "assistant", content: [{ type: "tool_use", id: "t1", name: "bash", input: {} }] },
    { role: "user", content: [{ type: "tool_result", tool_use_id: "t1", content: "ok" }] },
  ];
  const ask = (session: string, later: readonly object[]): object => {
    const messages = [{ role: "user", content: promptOf(session) }, ...later];
    return { model: "m", stream, metadata: { user_id: session }, tools, messages };
  };
  return toConversation("/v1/messages?beta=true", past, ask);
}

function responses(stream: boolean): Conversation {
  const tools = [{ type: "function", ...functionTool }];
  const past = [
    { type: "function_call", call_id: "t1", name: "bash", arguments: "{}" },
    { type: "function_call_output", call_id: "t1", output: "ok" },
  ];
  const ask = (session: string, later: readonly object[]): object => {
    const content = [{ type: "input_text", text: promptOf(session) }];
    const input = [{ type: "message", role: "user", content }, ...later];
    return { model: "m", stream, prompt_cache_key: session, tools, input };
  };
  return toConversation("/v1/responses", past, ask);
}

function chat(stream: boolean): Conversation {
  const tools = [{ type: "function", function: functionTool }];
  const call = { id: "t1", type: "function", function: { name: "bash", arguments: "{}" } };
  const past = [
    { role: "assistant", content: null, tool_calls: [call] },
    { role: "tool", tool_call_id: "t1", content: "ok" },
  ];
  const ask = (session: string, later: readonly object[]): object => {
    const messages = [{ role: "user", content: promptOf(session) }, ...later];
    return { model: "m", stream, user: session, tools, messages };
  };
  return toConversation("/v1/chat/completions", past, ask);
}

function gemini(stream: boolean): Conversation {
  const tools = [{ functionDeclarations: [{ name: "bash", parametersJsonSchema: parameters }] }];
  const past = [
    { role: "model", parts: [{ functionCall: { id: "t1", name: "bash", args: {} } }] },
    { role: "user", parts: [{ functionResponse: { id: "t1", name: "bash", response: { output: "ok" } } }] },
  ];
  const ask = (session: string, later: readonly object[]): object => {
    return { tools, contents: [{ role: "user", parts: [{ text: promptOf(session) }] }, ...later] };
  };
  const method = stream ? "streamGenerateContent?alt=sse" : "generateContent";
  return toConversation(`/v1beta/models/m:${method}`, past, ask);
}

function toConversation(
  path: string,
  past: readonly object[],
  ask: (session: string, later: readonly object[]) => object,
): Conversation {
  return { path, first: (session) => ask(session, []), second: (session) => ask(session, past) };
}

/** By wire; each is made for streaming, or without. */
export const CONVERSATIONS: Readonly<Record<string, (stream: boolean) => Conversation>> = {
  anthropic,
  responses,
  chat,
  gemini,
};
