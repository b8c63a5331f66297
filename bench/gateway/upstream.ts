/** The provider that every contender sends its requests to: answers as Anthropic's Messages API streams, at once or chunk by chunk. */
import { createServer, type ServerResponse } from "node:http";
import { PACED, PACED_CHUNKS, PACE_MS } from "./load-plan.ts";
import { reportPort } from "./start-process.ts";

const START =
  'event: message_start\ndata: {"type":"message_start","message":{"id":"msg_bench","type":"message","role":"assistant","model":"claude-sonnet-4-5","content":[],"usage":{"input_tokens":120,"cache_read_input_tokens":9000,"output_tokens":1}}}\n\n';
const END =
  'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":64}}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n';
const SHORT = START + toDelta("Done. The test passes now.") + END;

const server = createServer((incoming, response) => {
  const chunks: Buffer[] = [];
  incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
  incoming.on("end", () => answer(Buffer.concat(chunks), response));
});
server.listen(0, "127.0.0.1", () => reportPort(server));

function answer(body: Buffer, response: ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8", "cache-control": "no-cache" });
  // Contenders may write a body anew: the mark is looked for wherever it stands.
  if (body.length < 4096 && body.includes(PACED)) pace(response);
  else response.end(SHORT);
}

/** Each chunk says when it was written, in ns of the clock that all processes of a machine share. */
function pace(response: ServerResponse): void {
  response.write(START);
  let left = PACED_CHUNKS;
  const timer = setInterval(() => {
    left -= 1;
    if (left < 0) {
      clearInterval(timer);
      response.end(END);
    } else response.write(toDelta(`at ${process.hrtime.bigint()} some words of an answer`));
  }, PACE_MS);
  response.on("close", () => clearInterval(timer));
}

function toDelta(text: string): string {
  return `event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"${text}"}}\n\n`;
}
