import type { ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { EgressRefusedError } from "./egress-refused-error.ts";
import type { EgressRefusal } from "./port.ts";

const STATUS: Readonly<Record<EgressRefusal, readonly [status: number, phrase: string]>> = {
  malformed: [403, "Forbidden"],
  not_allowed: [403, "Forbidden"],
  special_address: [403, "Forbidden"],
  wrong_secret_host: [403, "Forbidden"],
  mismatch: [403, "Forbidden"],
  unresolved: [502, "Bad Gateway"],
  unreachable: [502, "Bad Gateway"],
  busy: [503, "Service Unavailable"],
};
const HEADERS = { "Content-Type": "text/plain; charset=utf-8", Connection: "close" };

/** Answers a request with why it is refused; an answer that has begun can only be cut. */
export function answerRefusal(response: ServerResponse, error: EgressRefusedError): void {
  if (response.headersSent) return void response.destroy();
  const body = `${error.describe()}\n`;
  response.writeHead(STATUS[error.refusal][0], { ...HEADERS, "Content-Length": Buffer.byteLength(body) });
  response.end(body);
}

/** The same on a stream that speaks HTTP, and ends with it. */
export function writeRefusal(stream: Duplex, error: EgressRefusedError): void {
  const body = `${error.describe()}\n`;
  const headers = { ...HEADERS, "Content-Length": Buffer.byteLength(body) };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  endStream(stream, `HTTP/1.1 ${STATUS[error.refusal].join(" ")}\r\n${lines.join("")}\r\n${body}`);
}

/** Writes last words and lets them be read: what still comes is dropped, until the other side ends or a while has passed. */
export function endStream(stream: Duplex, words: string | Buffer): void {
  stream.end(words);
  stream.resume();
  const timer = setTimeout(() => stream.destroy(), LINGER_MS).unref();
  stream.once("end", () => stream.destroy());
  stream.once("close", () => clearTimeout(timer));
}

const LINGER_MS = 2000;
