/** A real ACP agent over standard input and output, made with the SDK's agent side. Its argument names what it does. For tests. */
import { Readable, Writable } from "node:stream";
import {
  agent,
  type AgentContext,
  ndJsonStream,
  type PromptResponse,
  RequestError,
  type SessionUpdate,
} from "@agentclientprotocol/sdk/unstable";

const SESSION = "session-1";
const scenario = process.argv[2] ?? "work";
const modes = ["default", ...(process.argv[3] ?? "").split(",").filter((mode) => mode !== "")];
let mode = "default";

type Play = (client: AgentContext, prompt: string) => Promise<PromptResponse>;

const tell = (client: AgentContext, update: SessionUpdate): Promise<void> =>
  client.notify("session/update", { sessionId: SESSION, update });

function say(
  client: AgentContext,
  text: string,
  sessionUpdate: "agent_message_chunk" | "agent_thought_chunk" = "agent_message_chunk",
): Promise<void> {
  return tell(client, { sessionUpdate, content: { type: "text", text } });
}

/** What went wrong, as text for the test to see. */
function attempt(act: () => Promise<unknown>): Promise<string> {
  return act().then(
    (value) => JSON.stringify(value),
    (error: unknown) => (error instanceof RequestError ? `refused: ${error.message}` : String(error)),
  );
}

/** Of these lines, the first three and the last cannot be read; the others mean nothing. */
const GARBAGE = `not json
[1]
42

{"id":99,"result":{}}
{"jsonrpc":"2.0","method":"session/update","params":7}
{"jsonrpc":"2.0","method":"session/update","params":{"update":{"sessionUpdate":"from_the_future"}}}
{"x":"${"y".repeat(5 * 1024 * 1024)}"}
`;

const PLAYS: Readonly<Record<string, Play>> = {
  async work(client, prompt) {
    await say(client, "I ", "agent_thought_chunk");
    await say(client, "think.", "agent_thought_chunk");
    await say(client, `Prompt: ${prompt}. `);
    await say(client, "I write.");
    await tell(client, { sessionUpdate: "plan", entries: [] });
    await tell(client, {
      sessionUpdate: "tool_call",
      toolCallId: "1",
      kind: "execute",
      title: "echo TASK_COMPLETE",
      status: "pending",
    });
    const { outcome } = await client.request("session/request_permission", {
      sessionId: SESSION,
      toolCall: { toolCallId: "1" },
      options: [
        { optionId: "always", name: "Always", kind: "allow_always" },
        { optionId: "once", name: "Once", kind: "allow_once" },
        { optionId: "no", name: "No", kind: "reject_once" },
      ],
    });
    await tell(client, { sessionUpdate: "tool_call_update", toolCallId: "1", status: "completed" });
    await client.request("fs/write_text_file", {
      sessionId: SESSION,
      path: "folder/a.txt",
      content: "one\ntwo\nthree",
    });
    const { content } = await client.request("fs/read_text_file", {
      sessionId: SESSION,
      path: "folder/a.txt",
      line: 2,
      limit: 1,
    });
    await tell(client, {
      sessionUpdate: "usage_update",
      used: 900,
      size: 1000,
      cost: { amount: 0.25, currency: "USD" },
    });
    await say(client, `${JSON.stringify(outcome)} ${content} in mode ${mode}`);
    const usage = {
      totalTokens: 100,
      inputTokens: 60,
      outputTokens: 40,
      cachedReadTokens: 20,
      cachedWriteTokens: 10,
      thoughtTokens: 5,
    };
    return { stopReason: "end_turn", usage };
  },
  async escape(client) {
    const read = await attempt(() => client.request("fs/read_text_file", { sessionId: SESSION, path: "../secret" }));
    const link = await attempt(() =>
      client.request("fs/write_text_file", { sessionId: SESSION, path: "link/x", content: "" }),
    );
    const terminal = await attempt(() => client.request("terminal/create", { sessionId: SESSION, command: "id" }));
    const always = await attempt(() =>
      client.request("session/request_permission", {
        sessionId: SESSION,
        toolCall: { toolCallId: "1" },
        options: [{ optionId: "always", name: "Always", kind: "allow_always" }],
      }),
    );
    await say(client, [read, link, terminal, always].join("\n"));
    return { stopReason: "end_turn" };
  },
  async garbage(client) {
    await new Promise((resolve) => process.stdout.write(GARBAGE, resolve));
    await say(client, "Still here.");
    return { stopReason: "end_turn" };
  },
  async flood(client) {
    const answers = Array.from({ length: 300 }, () =>
      client.request("fs/read_text_file", { sessionId: SESSION, path: "big.txt" }),
    );
    const lengths = (await Promise.all(answers)).map(({ content }) => content.length);
    await say(client, String(lengths.reduce((sum, length) => sum + length, 0)));
    return { stopReason: "end_turn" };
  },
  gone: () => process.exit(7),
  limited: () => Promise.reject(new RequestError(429, "Rate limit reached, try again in 2h")),
  login: () => Promise.reject(RequestError.authRequired()),
  max_tokens: () => Promise.resolve({ stopReason: "max_tokens" }),
  max_turn_requests: () => Promise.resolve({ stopReason: "max_turn_requests" }),
  refusal: () => Promise.resolve({ stopReason: "refusal" }),
  cancelled: () => Promise.resolve({ stopReason: "cancelled" }),
};

function textOf(blocks: readonly { type: string; text?: string }[]): string {
  return blocks.map(({ text }) => text ?? "").join("");
}

const app = agent({ name: "scripted" })
  .onRequest("initialize", ({ params }) => ({
    protocolVersion: scenario === "other-version" ? 9 : params.protocolVersion,
    authMethods: [{ id: "key", name: "API key" }],
  }))
  .onRequest("session/new", () => {
    if (scenario === "login-first") throw RequestError.authRequired();
    const availableModes = modes.map((id) => ({ id, name: id }));
    return { sessionId: SESSION, modes: { currentModeId: mode, availableModes } };
  })
  .onRequest("session/set_mode", ({ params }) => {
    mode = params.modeId;
    return {};
  })
  .onRequest("session/prompt", ({ params, client }) => {
    const play = PLAYS[scenario];
    if (play === undefined) throw new Error(`no scenario ${scenario}`);
    return play(client, textOf(params.prompt));
  });

const input = Readable.toWeb(process.stdin) as ReadableStream<Uint8Array>;
await app.connect(ndJsonStream(Writable.toWeb(process.stdout), input)).closed;
