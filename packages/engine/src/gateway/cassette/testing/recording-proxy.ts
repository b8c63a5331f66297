import type { IncomingMessage, ServerResponse } from "node:http";
import type { Recorder, RecordingHandle } from "../../port.ts";
import { forwardedHeaders } from "../../server/headers.ts";
import { listen } from "../../server/listen.ts";
import { readBody } from "../../server/read-body.ts";
import { sampleRequest } from "./samples.ts";

/** A proxy that does nothing but record, for tests of recording alone. */
export interface RecordingProxy extends AsyncDisposable {
  readonly url: string;
}

/** Passes everything on to `upstream`, and records it for iteration 7. */
export async function startRecordingProxy(upstream: string, recorder: Recorder): Promise<RecordingProxy> {
  let count = 0;
  const listening = await listen(0, (incoming, response) => {
    count += 1;
    relay(incoming, response, { upstream, recorder, id: String(count) }).catch(() => response.destroy());
  });
  return { url: `http://127.0.0.1:${listening.port}`, [Symbol.asyncDispose]: () => listening.close() };
}

type Via = { readonly upstream: string; readonly recorder: Recorder; readonly id: string };

async function relay(
  incoming: IncomingMessage,
  response: ServerResponse,
  { upstream, recorder, id }: Via,
): Promise<void> {
  const { method = "GET", url: path = "/" } = incoming;
  const headers = forwardedHeaders(incoming.headers);
  const body = await readBody(incoming);
  const handle = recorder.begin(sampleRequest({ id, method, path, headers, body }));
  const answer = await fetch(upstream + path, { method, headers, body: body.length === 0 ? null : body });
  handle.head(answer.status, Object.fromEntries(answer.headers));
  response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
  await pass(answer, response, handle);
}

async function pass(answer: Response, response: ServerResponse, handle: RecordingHandle): Promise<void> {
  try {
    for await (const chunk of answer.body ?? []) {
      handle.chunk(chunk);
      response.write(chunk);
    }
    handle.end(true);
    response.end();
  } catch {
    handle.end(false); // The upstream cut its answer: so does the proxy.
    response.destroy();
  }
}
