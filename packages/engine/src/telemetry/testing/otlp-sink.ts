/** A collector of OTLP/HTTP in JSON that keeps what it is sent. For tests. */
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { listAt, objectAt, textAt } from "../../agents/json-value.ts";

/** A span as it arrived. */
export type ReceivedSpan = {
  readonly name: string;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  readonly kind: unknown;
  /** OTLP: 0 unset, 1 ok, 2 error. */
  readonly status: unknown;
  readonly milliseconds: number;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly events: readonly {
    readonly name: string | undefined;
    readonly attributes: Readonly<Record<string, unknown>>;
  }[];
};

/** The running collector. */
export type OtlpSink = AsyncDisposable & {
  readonly url: string;
  readonly requests: readonly {
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: unknown;
  }[];
  spans(): ReceivedSpan[];
};

/** Starts a collector on a free port of loopback that answers each export with `status`. */
export async function startOtlpSink(status = 200): Promise<OtlpSink> {
  const requests: { path: string; headers: IncomingHttpHeaders; body: unknown }[] = [];
  const server = createServer((request, response) => {
    void text(request).then((body) => {
      requests.push({ path: request.url ?? "", headers: request.headers, body: JSON.parse(body) });
      response.writeHead(status, { "content-type": "application/json" }).end("{}");
    });
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    requests,
    spans: () => requests.flatMap(({ body }) => readSpans(body)),
    async [Symbol.asyncDispose](): Promise<void> {
      server.closeAllConnections();
      await once(server.close(), "close");
    },
  };
}

function readSpans(body: unknown): ReceivedSpan[] {
  return listAt(body, "resourceSpans")
    .flatMap((resource) => listAt(resource, "scopeSpans"))
    .flatMap((scope) => listAt(scope, "spans"))
    .map(readSpan);
}

function readSpan(span: unknown): ReceivedSpan {
  const nanoseconds = (key: string): bigint => BigInt(textAt(span, key) ?? "0");
  return {
    name: textAt(span, "name") ?? "",
    traceId: textAt(span, "traceId") ?? "",
    spanId: textAt(span, "spanId") ?? "",
    parentSpanId: textAt(span, "parentSpanId"),
    kind: objectAt(span)["kind"],
    status: objectAt(span, "status")["code"],
    milliseconds: Number((nanoseconds("endTimeUnixNano") - nanoseconds("startTimeUnixNano")) / 1_000_000n),
    attributes: readAttributes(span),
    events: listAt(span, "events").map((event) => ({ name: textAt(event, "name"), attributes: readAttributes(event) })),
  };
}

/** The attributes of a span, an event or a resource as plain values. */
export function readAttributes(holder: unknown): Record<string, unknown> {
  return Object.fromEntries(
    listAt(holder, "attributes").map((pair) => {
      const [value] = Object.values(objectAt(pair, "value"));
      return [textAt(pair, "key") ?? "", value];
    }),
  );
}
