import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { clip } from "../clip.ts";
import type { StatusFault } from "../script/fault.ts";
import type { Script, ScriptedConversation } from "../script/script.ts";
import { composeAnswer, composeSideAnswer } from "./compose-answer.ts";
import { type Conversations, type Placement, takeFault } from "./conversations.ts";
import { deliver, type Delivery, sendJson } from "./delivery.ts";
import type { Outcome, RequestLog, RequestRecord } from "./request-record.ts";
import { toErrorAnswer } from "./status-fault.ts";
import { offersShell } from "./tool-translation.ts";
import type { Answer, ModelRequest, Wire } from "./wires/wire.ts";
import { findWorkspace } from "./workspace.ts";

const MAX_PROMPT_CHARACTERS = 32 * 1024;
const MAX_RESULT_CHARACTERS = 4 * 1024;
/** What a token is worth in characters, roughly: for requests that only count. */
const CHARACTERS_PER_TOKEN = 4;
/** Headers in which the known agents say which of their sessions a request is of. */
const SESSION_HEADERS = ["x-claude-code-session-id", "session-id", "session_id", "x-session-id", "thread-id"];

/** One request to the model, and where its answer goes. */
export type Exchange = {
  readonly wire: Wire;
  readonly path: string;
  /** The body as it came, unpacked. */
  readonly raw: string;
  readonly request: ModelRequest;
  /** Its number from 1, and when it came, in ms since the epoch. */
  readonly arrival: { readonly number: number; readonly at: number };
  readonly headers: IncomingHttpHeaders;
  readonly response: ServerResponse;
};

/** What every answer is made with. */
export type AnswerContext = {
  readonly script: Script;
  readonly conversations: Conversations;
  readonly log: RequestLog;
  /** Aborted when the server closes. */
  readonly signal: AbortSignal;
};

/** What of a record is only known once the answer is sent. */
type Sent = Pick<RequestRecord, "status" | "answer" | "outcome" | "usage" | "fault" | "conversation">;

/** Answers one request to the model, and records it. */
export async function answerModelRequest(exchange: Exchange, context: AnswerContext): Promise<void> {
  const { request } = exchange;
  const side = request.kind === "count" || isSide(exchange.wire, request);
  const sent = await (side ? answerSide(exchange, context) : answerMain(exchange, context));
  const lastResult = request.results.at(-1)?.text;
  context.log.add({
    ...exchange.arrival,
    wire: exchange.wire.name,
    path: exchange.path,
    model: request.model,
    stream: request.stream,
    side,
    step: request.results.length,
    tools: request.tools.map(({ name }) => name),
    prompt: clip(request.prompt, MAX_PROMPT_CHARACTERS),
    ...(lastResult === undefined ? {} : { lastResult: clip(lastResult, MAX_RESULT_CHARACTERS) }),
    durationMs: Date.now() - exchange.arrival.at,
    ...sent,
  });
}

/** Gemini asks for JSON (routing, who speaks next) over the whole history, tools included. */
function isSide(wire: Wire, { tools, answerSchema }: ModelRequest): boolean {
  return !offersShell(tools) || (wire.name === "gemini" && answerSchema !== undefined);
}

async function answerSide({ wire, request, raw, response }: Exchange, { signal }: AnswerContext): Promise<Sent> {
  if (request.kind === "count") {
    sendJson(response, 200, wire.toCountBody(Math.ceil(raw.length / CHARACTERS_PER_TOKEN)));
    return { status: 200, answer: "token count", outcome: "complete" };
  }
  const answer = composeSideAnswer(wire, request);
  const outcome = await deliver({ response, stream: request.stream, chunks: toChunks(wire, request, answer), signal });
  return describeSent(answer, outcome, {});
}

async function answerMain(exchange: Exchange, context: AnswerContext): Promise<Sent> {
  const { wire, request, raw, response } = exchange;
  const { script, conversations, signal } = context;
  const placement = conversations.place(request, sessionOf(exchange));
  const { conversation, turn } = placement;
  const fault = takeFault(placement);
  const about = { conversation: describeConversation(placement), ...(fault ? { fault: fault.type } : {}) };
  if (fault !== undefined && isStatusFault(fault)) {
    const { status, body, headers } = toErrorAnswer(fault, wire);
    sendJson(response, status, body, headers);
    return { status, answer: "", outcome: "cut", ...about };
  }
  const workspace = findWorkspace(raw);
  const answer = composeAnswer({ script, wire, request, placement, ...(workspace ? { workspace } : {}) });
  for (const call of answer.calls) conversations.rememberCall(call.id, conversation);
  const delay = turn?.delay ?? script.delay;
  const delivery: Delivery = { response, stream: request.stream, chunks: toChunks(wire, request, answer), signal };
  const outcome = await deliver({ ...delivery, ...(delay ? { delay } : {}), ...(fault ? { fault } : {}) });
  if (outcome === "complete") conversation.begun = true;
  return describeSent(answer, outcome, about);
}

function isStatusFault(fault: { readonly type: string }): fault is StatusFault {
  return ["status", "rate_limit", "overloaded", "budget"].includes(fault.type);
}

function toChunks(wire: Wire, { stream }: ModelRequest, answer: Answer): readonly string[] {
  return stream ? wire.toChunks(answer) : [JSON.stringify(wire.toBody(answer))];
}

function describeSent(answer: Answer, outcome: Outcome, about: Partial<Sent>): Sent {
  const calls = answer.calls.map(({ tool, input }) => `${tool.name} ${JSON.stringify(input)}`);
  const words = [answer.text, ...calls].filter((part) => part !== undefined).join("\n");
  const usage = outcome === "complete" ? { usage: answer.usage } : {};
  return {
    status: about.fault === "hang" ? 0 : 200,
    answer: clip(words, MAX_RESULT_CHARACTERS),
    outcome,
    ...usage,
    ...about,
  };
}

function describeConversation({ conversation }: Placement): NonNullable<RequestRecord["conversation"]> {
  const { number, attempt, script } = conversation;
  const name = script === undefined ? undefined : nameOf(script);
  return { number, attempt, ...(name === undefined ? {} : { name }) };
}

function nameOf({ name, match }: ScriptedConversation): string {
  return name ?? (typeof match === "string" ? match : (match?.pattern ?? "any prompt"));
}

function sessionOf({ headers, request }: Exchange): string {
  const named = SESSION_HEADERS.map((name) => headers[name]).find((value) => typeof value === "string");
  return named ?? request.session ?? "";
}
