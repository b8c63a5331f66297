import { type Agent, type IncomingMessage, request as sendRequest, type ServerResponse } from "node:http";
import { type Duplex, pipeline } from "node:stream";
import type { EgressTarget } from "@cloister/core";
import { EgressRefusedError, toEgressRefused } from "./egress-refused-error.ts";
import { answerHeaders } from "./pass-headers.ts";
import { pairHeaders } from "./read-request-head.ts";
import { createScrubber, type Needle, scrubText } from "./scrub.ts";
import type { Header } from "./secrets.ts";

/** A request as it is sent on. */
export type Outgoing = {
  readonly target: EgressTarget;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly Header[];
  /** What is taken out of the answer. */
  readonly needles: readonly Needle[];
  /** How long there may be silence, in ms. */
  readonly idleMs: number;
};

/** The two ends of a request at the machine. */
export type Exchange = { readonly request: IncomingMessage; readonly response: ServerResponse };

/** What is told of a request: that it has a connection to go by, and that it failed before it was answered. */
export type ForwardEnd = { readonly onSent: () => void; readonly onFailed: (error: EgressRefusedError) => void };

/** Sends a request on, and its answer back. @param agent makes the connections. Never throws. */
export function forwardRequest(agent: Agent, outgoing: Outgoing, exchange: Exchange, end: ForwardEnd): void {
  const { target, method, path, headers, idleMs } = outgoing;
  const upstream = sendRequest({
    agent,
    host: target.host,
    port: target.port,
    method,
    path,
    headers: headers.flat(),
    setHost: false,
    // Otherwise it is the agent's, which is for connections that wait for a request.
    timeout: idleMs,
  });
  const fail = (error: unknown): void => {
    const { destroyed, headersSent } = exchange.response;
    if (destroyed || headersSent) exchange.response.destroy();
    else end.onFailed(toEgressRefused(error, target));
  };
  upstream.once("socket", end.onSent);
  upstream.once("error", fail);
  upstream.once("response", (answer) => relayAnswer(answer, exchange.response, outgoing, fail));
  exchange.response.once("close", () => {
    if (!exchange.response.writableFinished) upstream.destroy();
  });
  pipeline(exchange.request, upstream, () => undefined);
}

function relayAnswer(
  answer: IncomingMessage,
  response: ServerResponse,
  { needles, target }: Outgoing,
  fail: (error: unknown) => void,
): void {
  const isScrubbed = needles.length > 0;
  try {
    const encoding = answer.headers["content-encoding"] ?? "identity";
    if (isScrubbed && encoding !== "identity") throw new EgressRefusedError("unreachable", PACKED, target);
    const headers = answerHeaders(pairHeaders(answer.rawHeaders), isScrubbed);
    const clean = headers.flatMap(([name, value]) => [scrubText(name, needles), scrubText(value, needles)]);
    response.writeHead(answer.statusCode ?? 502, scrubText(answer.statusMessage ?? "", needles), clean);
  } catch (error: unknown) {
    answer.destroy();
    return fail(error);
  }
  const steps: Duplex[] = isScrubbed ? [createScrubber(needles)] : [];
  pipeline([answer, ...steps, response], () => undefined);
}

const PACKED = "its answer is packed, although it was asked for none that is, and can't be looked through for secrets.";
