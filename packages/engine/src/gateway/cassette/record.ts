import { isUtf8 } from "node:buffer";
import { CloisterError, WIRES } from "@cloister/core";
import { z } from "zod";
import { type RecordedExchange, READABLE_VERSIONS, WRITTEN_VERSION } from "./exchange.ts";

/** Bytes as a record holds them: as text where they are readable, else in base64. */
const bytesSchema = z.union([
  z.object({ text: z.string() }).transform(({ text }) => Buffer.from(text, "utf8")),
  z.object({ base64: z.string() }).transform(({ base64 }) => Buffer.from(base64, "base64")),
]);
const headersSchema = z.record(z.string(), z.string());
/** A week, in ms: less than the longest time for which a timer can be set. */
const MAX_OFFSET_MS = 604_800_000;
const shortText = z.string().max(65_536);

const exchangeSchema = z.object({
  id: shortText,
  time: z.number().nonnegative(),
  method: z.string().regex(/^[A-Z-]{1,20}$/),
  path: shortText,
  wire: z.enum(WIRES),
  model: shortText,
  requestHeaders: headersSchema,
  requestBody: bytesSchema,
  status: z.union([z.literal(0), z.int().min(200).max(999)]),
  responseHeaders: headersSchema,
  chunks: z.array(z.object({ at: z.number().nonnegative().max(MAX_OFFSET_MS), bytes: bytesSchema })),
  ended: z.boolean(),
  cut: z.boolean(),
});

/** Control characters grow sixfold as JSON; other text at most doubles, which base64 would not better by much. */
// oxlint-disable-next-line no-control-regex -- control characters are what is looked for
const CONTROL = /[\0-\x08\x0b\x0c\x0e-\x1f]/;

function toStoredBytes(bytes: Uint8Array): { readonly text: string } | { readonly base64: string } {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (isUtf8(buffer)) {
    const text = buffer.toString("utf8");
    if (!CONTROL.test(text)) return { text };
  }
  return { base64: buffer.toString("base64") };
}

/** An exchange as one line of JSON, with its line feed. */
export function toRecord({ requestBody, chunks, ...exchange }: RecordedExchange): string {
  const record = {
    version: WRITTEN_VERSION,
    ...exchange,
    requestBody: toStoredBytes(requestBody),
    chunks: chunks.map(({ at, bytes }) => ({ at, bytes: toStoredBytes(bytes) })),
  };
  return `${JSON.stringify(record)}\n`;
}

/**
 * Reads one line of JSON as an exchange. Undefined where it is none.
 * @param file where it is from, for the error.
 * @throws CloisterError `usage_invalid` where another version of Cloister wrote it.
 */
export function parseRecord(line: string, file: string): RecordedExchange | undefined {
  const value = parseJson(line);
  const versioned = z.object({ version: z.number() }).safeParse(value);
  if (!versioned.success) return undefined;
  const { version } = versioned.data;
  if (!READABLE_VERSIONS.includes(version)) throw unreadableVersion(version, file);
  return exchangeSchema.safeParse(value).data;
}

function unreadableVersion(version: number, file: string): CloisterError {
  const message = `Expected a cassette of version ${READABLE_VERSIONS.join(" or ")}, found version ${version}.`;
  return new CloisterError({
    code: "usage_invalid",
    message,
    file,
    remedy: "Replay it with the release that recorded it.",
  });
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // No JSON is no record, which the caller says.
  }
}
