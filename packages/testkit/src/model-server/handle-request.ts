import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";
import { answerModelRequest, type AnswerContext } from "./answer-model-request.ts";
import { createConversations } from "./conversations.ts";
import { sendJson } from "./delivery.ts";
import { BodyError, parseBody, readBody } from "./request-body.ts";
import { WIRES } from "./wires/index.ts";

const MODELS = {
  object: "list",
  data: [{ id: "scripted-model", object: "model", created: 0, owned_by: "cloister" }],
  models: [],
};

/** What the handler works with. */
export type HandlerContext = Omit<AnswerContext, "conversations"> & {
  /** The longest body that is read, packed or unpacked. */
  readonly maxBodyBytes: number;
};

/** The server's one handler: finds the wire by the path, and answers what no wire takes. Contract: never throws. */
export function createRequestHandler(context: HandlerContext): RequestListener {
  const conversations = createConversations(context.script);

  const handle = async (message: IncomingMessage, response: ServerResponse): Promise<void> => {
    const path = new URL(message.url ?? "/", "http://loopback").pathname;
    const wire = WIRES.find((candidate) => candidate.route(path) !== undefined);
    const route = wire?.route(path);
    if (message.method !== "POST" || wire === undefined || route === undefined)
      return answerOther(message, response, path);
    const arrival = { number: context.log.takeNumber(), at: Date.now() };
    const raw = await readBody(message, context.maxBodyBytes);
    const request = wire.read(parseBody(raw), route);
    const exchange = { wire, path, raw, request, arrival, headers: message.headers, response };
    await answerModelRequest(exchange, { ...context, conversations });
  };

  return (message, response) => {
    handle(message, response).catch((error: unknown) => fail(response, error));
  };
}

function answerOther({ method }: IncomingMessage, response: ServerResponse, path: string): void {
  if (method === "GET" && path.endsWith("/models")) return sendJson(response, 200, MODELS);
  if (method === "HEAD") return void response.writeHead(200).end();
  sendJson(response, 404, { type: "error", error: { type: "not_found_error", message: `No ${method} ${path} here.` } });
}

function fail(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) return void response.destroy();
  const status = error instanceof BodyError ? error.status : 500;
  const message = error instanceof Error ? error.message : String(error);
  // The rest of the body is not read: the connection cannot be used again.
  sendJson(response, status, { error: { type: "invalid_request_error", message } }, { connection: "close" });
}
