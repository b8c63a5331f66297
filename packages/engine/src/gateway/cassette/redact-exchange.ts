import { isUtf8 } from "node:buffer";
import { allowedRequestHeaders, allowedResponseHeaders } from "./allowed-headers.ts";
import { decodeContent, isPlain } from "./decode-content.ts";
import { MAX_EXCHANGE_BYTES, type RecordedChunk, type RecordedExchange } from "./exchange.ts";

/** Replaces the secrets in a text. */
export type Redact = (text: string) => string;

/** Parameters of a query that carry a credential with some providers. */
const CREDENTIAL_PARAMETERS = /([?&])(?:key|api_key|api-key|access_token|token)=[^&#]*/gi;

/**
 * What may be written of an exchange: allowed headers alone, bodies redacted. Packed bodies are unpacked first, because a secret in
 * them can't be seen; what can't be unpacked is left out, and the exchange counts as cut.
 */
export async function redactExchange(exchange: RecordedExchange, redact: Redact): Promise<RecordedExchange> {
  const request = await unpack([{ at: 0, bytes: exchange.requestBody }], exchange.requestHeaders);
  const answer = await unpack(exchange.chunks, exchange.responseHeaders);
  return {
    ...exchange,
    path: redact(exchange.path.replace(CREDENTIAL_PARAMETERS, "$1")).slice(0, 16_384),
    model: redact(exchange.model).slice(0, 1024),
    requestHeaders: allowedRequestHeaders(request.headers, redact),
    requestBody: redactBytes(joinChunks(request.chunks), redact),
    responseHeaders: allowedResponseHeaders(answer.headers, redact),
    chunks: redactChunks(answer.chunks, redact),
    cut: exchange.cut || request.isLost || answer.isLost,
  };
}

/** Bytes of all chunks, one after the other. */
export function joinChunks(chunks: readonly RecordedChunk[]): Buffer {
  return Buffer.concat(chunks.map(({ bytes }) => bytes));
}

type Content = {
  readonly headers: Readonly<Record<string, string>>;
  readonly chunks: readonly RecordedChunk[];
  /** It could not be unpacked. */
  readonly isLost: boolean;
};

async function unpack(chunks: readonly RecordedChunk[], headers: Content["headers"]): Promise<Content> {
  const { "content-encoding": encoding, ...rest } = headers;
  const last = chunks.at(-1);
  if (encoding === undefined || isPlain(encoding) || last === undefined) return { headers, chunks, isLost: false };
  const bytes = await decodeContent(joinChunks(chunks), encoding, MAX_EXCHANGE_BYTES);
  // One chunk in place of many: where a piece of the packed stream ends says nothing of where the text's pieces end.
  const unpacked = bytes === undefined ? [] : [{ at: last.at, bytes }];
  return { headers: rest, chunks: unpacked, isLost: bytes === undefined };
}

/**
 * Redacts each chunk, which keeps the answer's pace. A secret that goes from one chunk into the next is seen in the whole alone: then
 * the answer becomes one chunk.
 */
function redactChunks(chunks: readonly RecordedChunk[], redact: Redact): readonly RecordedChunk[] {
  const whole = joinChunks(chunks);
  const redacted = redactBytes(whole, redact);
  if (redacted.equals(whole)) return chunks;
  const pieces = chunks.map(({ at, bytes }) => ({ at, bytes: redactBytes(bytes, redact) }));
  if (joinChunks(pieces).equals(redacted)) return pieces;
  return [{ at: chunks.at(-1)?.at ?? 0, bytes: redacted }];
}

/** Bytes that are no text are searched as Latin-1, which changes none of them. */
function redactBytes(bytes: Uint8Array, redact: Redact): Buffer {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const encoding = isUtf8(buffer) ? "utf8" : "latin1";
  const text = buffer.toString(encoding);
  const redacted = redact(text);
  return redacted === text ? buffer : Buffer.from(redacted, encoding);
}
