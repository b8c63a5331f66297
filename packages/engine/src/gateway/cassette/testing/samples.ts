import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelRequest } from "../../port.ts";
import { parseBody } from "../../server/parse-body.ts";
import { findWire } from "../../wires/index.ts";
import type { RecordedExchange } from "../exchange.ts";
import { readCassette, type ReadOptions } from "../read-cassette.ts";

/** A folder that is gone with the test's scope. */
export function createTemporaryFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), "cloister-cassette-"));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

/** What tests say of a request; the rest is that of a short question to Anthropic. */
export type SampleRequest = Partial<Pick<ModelRequest, "id" | "method" | "path" | "headers">> & {
  readonly body?: Buffer | string;
  readonly iteration?: number;
};

/** A request as the gateway would hand it over. */
export function sampleRequest(sample: SampleRequest = {}): ModelRequest {
  const { id = "1", method = "POST", path = "/v1/messages", headers = {}, body = "{}", iteration = 7 } = sample;
  const bytes = Buffer.from(body);
  const wire = findWire(method, path, headers);
  if (wire === undefined) throw new Error(`no wire takes ${method} ${path}`);
  const json = parseBody(bytes);
  const facts = wire.readRequest(path, json);
  const identity = { run: "run", task: "task", iteration };
  return { id, identity, wire, facts, method, path, headers, body: bytes, json, startedAt: performance.now() };
}

/** An exchange as a cassette holds it. */
export function sampleExchange(exchange: Partial<RecordedExchange> = {}): RecordedExchange {
  return {
    id: "1",
    time: 1_700_000_000_000,
    method: "POST",
    path: "/v1/messages",
    wire: "anthropic",
    model: "m",
    requestHeaders: {},
    requestBody: Buffer.from(JSON.stringify({ model: "m", messages: [{ role: "user", content: "Hello" }] })),
    status: 200,
    responseHeaders: { "content-type": "application/json" },
    chunks: [{ at: 5, bytes: Buffer.from('{"content":[]}') }],
    ended: true,
    cut: false,
    ...exchange,
  };
}

/** All exchanges of a cassette. */
export function readAll(path: string, options?: ReadOptions): Promise<RecordedExchange[]> {
  return Array.fromAsync(readCassette(path, options));
}
