import { createServer, type IncomingMessage, type Server } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { answerRefusal, writeRefusal } from "./answer-refusal.ts";
import type { Client, EgressContext } from "./context.ts";
import { EgressRefusedError, toEgressRefused } from "./egress-refused-error.ts";
import { type Exchange, forwardRequest } from "./forward-request.ts";
import { MAX_HEAD_BYTES } from "./limits.ts";
import { requestHeaders } from "./pass-headers.ts";
import type { EgressDoor } from "./port.ts";
import { readRequestHead, type Site } from "./read-request-head.ts";
import { createUpstreamAgent } from "./upstream-agent.ts";

/** Requests that a connection may send ahead of their answers. */
const MAX_PIPELINED = 16;

/** How HTTP is served on a connection. */
export type HttpService = {
  readonly door: EgressDoor;
  /** The one server that the connection was made for, and a connection to it. Undefined: requests say where they go, as to a proxy. */
  readonly site?: Site & { readonly first: Socket };
  /** Answers a CONNECT request, on the stream; or throws a refusal. */
  readonly onConnect: (request: IncomingMessage) => Promise<void> | void;
};

/** Serves HTTP on a connection of the machine. */
export function serveHttp(context: EgressContext, client: Client, service: HttpService): void {
  const { stream, deadline } = client;
  const { site, door } = service;
  const agent = createUpstreamAgent(context, {
    isSecure: site?.isSecure === true,
    ...(site === undefined ? {} : { first: site.first }),
  });
  stream.once("close", () => {
    agent.destroy();
    site?.first.destroy();
  });
  const server = createStrictServer();
  let answering = 0;
  deadline.set(context.limits.headMs);
  server.on("request", (request, response) => {
    deadline.clear();
    answering += 1;
    response.once("close", () => {
      answering -= 1;
      if (answering === 0) deadline.set(context.limits.headMs);
    });
    if (answering > MAX_PIPELINED) stream.destroy();
    else handleRequest({ context, door, agent, site }, { request, response });
  });
  server.on("connect", (request: IncomingMessage, _socket: Duplex, head: Buffer) => {
    deadline.clear();
    if (head.length > 0) stream.unshift(head);
    void handleConnect(context, stream, service, request);
  });
  server.on("clientError", (error: NodeJS.ErrnoException) => {
    // Words in the midst of another answer would be taken for a part of it.
    if (answering > 0 || !stream.writable || error.code?.startsWith("HPE_") !== true) stream.destroy();
    else refuseUnreadable(context, stream, service, error.code);
  });
  server.emit("connection", stream);
}

async function handleConnect(
  context: EgressContext,
  stream: Duplex,
  { onConnect }: HttpService,
  request: IncomingMessage,
): Promise<void> {
  try {
    await onConnect(request);
  } catch (error: unknown) {
    refuseOn(context, stream, "connect", toEgressRefused(error, { host: request.url ?? "", port: 0 }));
  }
}

function refuseUnreadable(context: EgressContext, stream: Duplex, { door, site }: HttpService, code: string): void {
  const detail = `it is not HTTP as it should be (${code}).`;
  refuseOn(context, stream, door, new EgressRefusedError("malformed", detail, site?.target));
}

/** Its time limits do nothing for streams that it did not accept itself: the client's deadline does. */
function createStrictServer(): Server {
  return createServer({
    insecureHTTPParser: false,
    requireHostHeader: false, // Said in our own words.
    maxHeaderSize: MAX_HEAD_BYTES,
    joinDuplicateHeaders: false,
    headersTimeout: 0,
    requestTimeout: 0,
  });
}

type Work = {
  readonly context: EgressContext;
  readonly door: EgressDoor;
  readonly agent: ReturnType<typeof createUpstreamAgent>;
  readonly site: Site | undefined;
};

function handleRequest({ context, door, agent, site }: Work, exchange: Exchange): void {
  const { router, recorder, secrets } = context;
  const refuse = (error: EgressRefusedError): void => {
    recorder.refused(door, error);
    answerRefusal(exchange.response, error);
  };
  try {
    const head = readRequestHead(exchange.request, site);
    const target = router.decide(head.target);
    const put = secrets.putIn(head, target);
    const isScrubbed = secrets.isBoundTo(target);
    const headers = requestHeaders(put.headers, { target, isSecure: site?.isSecure === true, isScrubbed });
    const needles = isScrubbed ? secrets.needles() : [];
    forwardRequest(
      agent,
      { target, method: head.method, path: head.path, headers, needles, idleMs: context.limits.idleMs },
      exchange,
      {
        onSent: () => recorder.allowed(door, target, put.variables),
        onFailed: refuse,
      },
    );
  } catch (error: unknown) {
    refuse(toEgressRefused(error, site?.target ?? { host: "", port: 0 }));
  }
}

function refuseOn(context: EgressContext, stream: Duplex, door: EgressDoor, error: EgressRefusedError): void {
  context.recorder.refused(door, error);
  if (stream.writable) writeRefusal(stream, error);
  else stream.destroy();
}
