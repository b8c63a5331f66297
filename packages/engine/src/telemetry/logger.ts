/** Structured logs of `cloister gateway`: one JSON object a line. */
import { parseTraceparent } from "./trace-context.ts";

/** How much is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error";

/** Facts beside a message. Flat, so that every text in it can be redacted. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes structured logs. A field `traceparent` is written as `trace_id` and `span_id`. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: LogFields): Logger;
}

/** How logs are written. */
export type LoggerOptions = {
  readonly stream: { write(line: string): unknown };
  readonly level: LogLevel;
  /** Takes secrets out of a text. Called for each message and each text in a field. */
  readonly redact?: (text: string) => string;
};

/** Characters that a text in a log is cut to: some come from the network. */
const MAX_TEXT = 4000;

/** The part of pino that is used. */
type Sink = Record<LogLevel, (fields: object, message: string) => void>;

/** Creates a logger. Asynchronous because what writes logs is loaded only here. */
export async function createLogger({ stream, level, redact = (text) => text }: LoggerOptions): Promise<Logger> {
  const { pino } = await import("pino");
  const formatters = { level: (label: string) => ({ level: label }) };
  const sink = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, stream);
  // Cut twice: what may be left of a secret at the first cut is beyond the second.
  const clean = (text: string): string => redact(text.slice(0, 4 * MAX_TEXT)).slice(0, MAX_TEXT);
  return createLevels(sink, clean, {});
}

function createLevels(sink: Sink, clean: (text: string) => string, bound: LogFields): Logger {
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void =>
      sink[level](toLine({ ...bound, ...fields }, clean), clean(message));
  return {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    child: (fields) => createLevels(sink, clean, { ...bound, ...fields }),
  };
}

function toLine({ traceparent, ...fields }: LogFields, clean: (text: string) => string): LogFields {
  const span = typeof traceparent === "string" ? parseTraceparent(traceparent) : undefined;
  const cleaned = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === "string" ? clean(value) : value,
  ]);
  return {
    ...(Object.fromEntries(cleaned) as LogFields),
    ...(span === undefined ? {} : { trace_id: span.traceId, span_id: span.spanId }),
  };
}
