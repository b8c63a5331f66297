/** A collector of OTLP/HTTP in JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp) that keeps what it is sent. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/** A span as it arrived. */
export type ExportedSpan = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  /** Left out, or empty, for a root. */
  readonly parentSpanId?: string;
  /** ns since the epoch, 19 digits. */
  readonly startTimeUnixNano: string;
  readonly attributes: Readonly<Record<string, unknown>>;
};

/** One export as it arrived. */
export type Export = {
  readonly path: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
};

/** The running collector. */
export interface OtlpSink extends AsyncDisposable {
  readonly url: string;
  readonly exports: readonly Export[];
  /** Of all exports of traces, in the order in which they began. */
  spans(): readonly ExportedSpan[];
}

/** Starts a collector on a free port of loopback. */
export async function startOtlpSink(): Promise<OtlpSink> {
  const exports: Export[] = [];
  const server = createServer((request, response) => {
    const { url: path = "", headers } = request;
    void text(request).then((body) => {
      exports.push({ path, headers, body });
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exports,
    spans: () =>
      exports
        .filter(({ path }) => path === "/v1/traces")
        .flatMap(({ body }) => readSpans(body))
        .sort((left, right) => (left.startTimeUnixNano < right.startTimeUnixNano ? -1 : 1)),
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

/** As far as the tests read it; attributes are pairs whose value is an object of one entry, named after its type. */
type Traces = {
  readonly resourceSpans: readonly {
    readonly scopeSpans: readonly {
      readonly spans: readonly (Omit<ExportedSpan, "attributes"> & { readonly attributes?: readonly Attribute[] })[];
    }[];
  }[];
};
type Attribute = { readonly key: string; readonly value: Readonly<Record<string, unknown>> };

function readSpans(body: string): ExportedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Traces;
  return resourceSpans
    .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans))
    .map(({ attributes = [], ...span }) => ({
      ...span,
      attributes: Object.fromEntries(attributes.map(readAttribute)),
    }));
}

/** Whole numbers are strings in JSON where they are 64 bits wide. */
function readAttribute({ key, value }: Attribute): [key: string, value: unknown] {
  const [[type, plain] = ["", undefined]] = Object.entries(value);
  return [key, type === "intValue" ? Number(plain) : plain];
}
