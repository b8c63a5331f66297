import type { ServerResponse } from "node:http";
import type { ModelRequest, RecordingHandle, UsageReader } from "../port.ts";
import { type Ending, settleRequest } from "../settle.ts";
import type { Reservation } from "../spend-gate.ts";
import type { Attempted } from "./attempt.ts";
import type { Sink } from "./send.ts";
import type { Rooms } from "./serve.ts";

/** Where an answer goes, and what was set aside for it. */
export type Passage = { readonly response: ServerResponse; readonly reservation: Reservation | undefined };

/** An answer's way to the agent: counted as it passes, and settled when it is over. */
export class Relay {
  readonly #rooms: Rooms;
  readonly #request: ModelRequest;
  readonly #passage: Passage;
  #hasBegun = false;

  constructor(rooms: Rooms, request: ModelRequest, passage: Passage) {
    this.#rooms = rooms;
    this.#request = request;
    this.#passage = passage;
  }

  /** Whether there was an answer: it is settled when it is over. */
  get hasBegun(): boolean {
    return this.#hasBegun;
  }

  /** Passes the answer's head on. @returns where the rest goes. */
  begin({ head: { status, headers, flatHeaders }, lease, attempts }: Attempted): Sink {
    const { response } = this.#passage;
    this.#hasBegun = true;
    const firstByteMs = performance.now() - this.#request.startedAt;
    const reader = this.#request.wire.createUsageReader(flatHeaders["content-type"] ?? "");
    const recording = this.#rooms.recorder?.begin(this.#request);
    recording?.head(status, flatHeaders);
    response.writeHead(status, headers);
    // What came in the same packet takes the head along.
    process.nextTick(() => response.writableEnded || response.flushHeaders());
    const finish = (ended: boolean): void =>
      this.#finish({
        metered: reader.finish(ended),
        status,
        ended,
        credential: lease.credential.label,
        firstByteMs,
        attempts,
      });
    return toSink(response, { reader, recording, finish });
  }

  #finish(end: Ending): void {
    const { response, reservation } = this.#passage;
    // Before the agent knows that it has its answer: its next request finds this one counted.
    settleRequest(this.#rooms, this.#request, reservation, end);
    // What the provider cut is cut for the agent too, which then tries again.
    if (end.ended) response.end();
    else response.destroy();
  }
}

type Meters = {
  readonly reader: UsageReader;
  readonly recording: RecordingHandle | undefined;
  readonly finish: (ended: boolean) => void;
};

function toSink(response: ServerResponse, { reader, recording, finish }: Meters): Sink {
  return {
    write(chunk) {
      reader.push(chunk);
      recording?.chunk(chunk);
      return response.write(chunk);
    },
    onPausable: (resume) => void response.on("drain", resume),
    end(isWhole) {
      recording?.end(isWhole);
      finish(isWhole);
    },
  };
}
