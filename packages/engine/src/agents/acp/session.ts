import type * as AcpSdk from "@agentclientprotocol/sdk/unstable";
import type {
  ClientConnection,
  ClientContext,
  InitializeResponse,
  PromptResponse,
} from "@agentclientprotocol/sdk/unstable";
import { type AgentEvent, type MicroUsd, NO_USAGE } from "@cloister/core";
import type { AgentIo } from "../port.ts";
import { readForAgent, writeForAgent } from "./client-files.ts";
import type { EventQueue } from "./event-queue.ts";
import { createMessageStream } from "./message-stream.ts";
import { answerPermission } from "./permission.ts";
import { chooseMode } from "./session-mode.ts";
import { toStopEvents } from "./stop-reason.ts";
import { toFailure } from "./request-failure.ts";
import { createUpdateTranslator, type UpdateTranslator } from "./translate-update.ts";
import { readUsage } from "./usage.ts";

type Sdk = typeof AcpSdk;

/**
 * Holds one session with the agent behind `io`: one prompt, until its turn ends. What happens goes into `events`, which is
 * closed at the end. Never rejects. Without a last `finished`, the agent went away.
 */
export async function holdSession(io: AgentIo, events: EventQueue<AgentEvent>): Promise<void> {
  // Loaded late: it takes 100 ms and 10 MB, which only runs with an ACP agent should pay.
  const sdk = await import("@agentclientprotocol/sdk/unstable");
  const translator = createUpdateTranslator();
  const connection = connect(sdk, io, events, translator);
  let known: InitializeResponse | undefined;
  try {
    known = await initialize(sdk, connection.agent);
    const response = await prompt(connection.agent, io, events);
    events.push(
      ...translator.end(),
      ...toUsageEvents(response, translator.cost()),
      ...toStopEvents(response.stopReason),
    );
  } catch (error: unknown) {
    events.push(...translator.end());
    // Where the agent has gone, its exit says why; `classify` is asked.
    if (!connection.signal.aborted)
      events.push({ type: "failed", ...toFailure(error, known) }, { type: "finished", ok: false });
  } finally {
    connection.close();
    io.closeInput();
    events.close();
  }
}

function connect(
  { client, RequestError }: Sdk,
  io: AgentIo,
  events: EventQueue<AgentEvent>,
  translator: UpdateTranslator,
): ClientConnection {
  const stream = createMessageStream(io, {
    onUpdate: (update) => events.push(...translator.translate(update)),
    onUnreadable: events.push,
    ready: events.drained,
  });
  const { workspace } = io.request;
  const orRefuse = <Result>(act: () => Result): Result => {
    try {
      return act();
    } catch (error: unknown) {
      throw RequestError.invalidParams(undefined, error instanceof Error ? error.message : String(error));
    }
  };
  return client({ name: "cloister" })
    .onRequest("session/request_permission", ({ params }) => answerPermission(params))
    .onRequest("fs/read_text_file", ({ params }) => orRefuse(() => readForAgent(workspace, params)))
    .onRequest("fs/write_text_file", ({ params }) => orRefuse(() => writeForAgent(workspace, params)))
    .connect(stream);
}

async function initialize({ PROTOCOL_VERSION }: Sdk, agent: ClientContext): Promise<InitializeResponse> {
  const response = await agent.request("initialize", {
    protocolVersion: PROTOCOL_VERSION,
    clientInfo: { name: "cloister", title: "Cloister", version: "0.1.0" },
    clientCapabilities: { fs: { readTextFile: true, writeTextFile: true }, terminal: false },
  });
  if (response.protocolVersion === PROTOCOL_VERSION) return response;
  throw new Error(`The agent speaks version ${response.protocolVersion} of the protocol, not ${PROTOCOL_VERSION}.`);
}

async function prompt(agent: ClientContext, io: AgentIo, events: EventQueue<AgentEvent>): Promise<PromptResponse> {
  const { workspace, prompt } = io.request;
  const { sessionId, modes } = await agent.request("session/new", { cwd: workspace, mcpServers: [] });
  events.push({ type: "session_started", sessionId });
  const modeId = chooseMode(modes);
  if (modeId !== undefined) {
    // An agent that offers a mode and then refuses it works on in its own; it asks for permission, which it gets.
    await agent.request("session/set_mode", { sessionId, modeId }).catch(() => undefined);
  }
  return agent.request("session/prompt", { sessionId, prompt: [{ type: "text", text: prompt }] });
}

function toUsageEvents(response: PromptResponse, cost: MicroUsd | undefined): readonly AgentEvent[] {
  const usage = readUsage(response);
  if (usage === undefined && cost === undefined) return [];
  return [{ type: "usage", usage: usage ?? NO_USAGE, ...(cost === undefined ? {} : { cost }) }];
}
