import type { IncomingMessage } from "node:http";
import { promisify } from "node:util";
import { brotliDecompress, gunzip, inflate, zstdDecompress } from "node:zlib";
import { asObject, type JsonObject } from "./json.ts";

type Decoder = (data: Uint8Array, options: { maxOutputLength: number }) => Promise<Uint8Array>;

const DECODERS: Readonly<Record<string, Decoder>> = {
  zstd: promisify(zstdDecompress),
  gzip: promisify(gunzip),
  deflate: promisify(inflate),
  br: promisify(brotliDecompress),
};

/** A body that cannot be used, and the HTTP status that says so. */
export class BodyError extends Error {
  readonly status: 400 | 413 | 415;

  constructor(status: 400 | 413 | 415, message: string) {
    super(message);
    this.name = "BodyError";
    this.status = status;
  }
}

/**
 * Reads a request's body, unpacked. Neither the packed nor the unpacked body may be longer than `limit` bytes.
 * @throws BodyError where it is too long, or packed in a way that is unknown or broken.
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<string> {
  const packed = await collect(request, limit);
  const encoding = request.headers["content-encoding"] ?? "identity";
  if (encoding === "identity") return packed.toString("utf8");
  const decode = DECODERS[encoding];
  if (decode === undefined) throw new BodyError(415, `Content encoding ${encoding} is not understood.`);
  try {
    return Buffer.from(await decode(packed, { maxOutputLength: limit })).toString("utf8");
  } catch (error: unknown) {
    const tooLong = error instanceof RangeError;
    throw new BodyError(tooLong ? 413 : 400, `The ${encoding} body ${tooLong ? "is too long" : "is damaged"}.`);
  }
}

/** Reads a JSON object. @throws BodyError where the text is no JSON; other JSON values become an empty object. */
export function parseBody(text: string): JsonObject {
  try {
    return asObject(JSON.parse(text));
  } catch {
    throw new BodyError(400, "The body is not JSON.");
  }
}

async function collect(request: IncomingMessage, limit: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > limit) throw new BodyError(413, `The body is longer than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
