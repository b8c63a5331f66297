import type { ServerResponse } from "node:http";
import type { ModelRequest, RecordingHandle, UsageReader } from "../port.ts";
import { type Ending, settleRequest } from "../settle.ts";
import type { Reservation } from "../spend-gate.ts";
import type { Attempted } from "./attempt.ts";
import type { Sink } from "./send.ts";
import type { Rooms } from "./serve.ts";

/** Where an answer goes, and what was set aside for it. */
export type Passage = { readonly response: ServerResponse; readonly reservation: Reservation | undefined };

/** An answer under way: who follows it, and how it began. */
type Answer = Pick<Ending, "status" | "credential" | "firstByteMs" | "attempts"> & {
  readonly reader: UsageReader;
  readonly recording: RecordingHandle | undefined;
};

/** An answer's way to the agent: counted as it passes, and settled when it is over. */
export class Relay implements Sink {
  readonly #rooms: Rooms;
  readonly #request: ModelRequest;
  readonly #passage: Passage;
  #answer: Answer | undefined;

  constructor(rooms: Rooms, request: ModelRequest, passage: Passage) {
    this.#rooms = rooms;
    this.#request = request;
    this.#passage = passage;
  }

  /** Whether there was an answer: it is settled when it is over. */
  get hasBegun(): boolean {
    return this.#answer !== undefined;
  }

  /** Passes the answer's head on. @returns where the rest goes. */
  begin({ head: { status, headers, flatHeaders }, lease, attempts }: Attempted): Sink {
    const { response } = this.#passage;
    const firstByteMs = performance.now() - this.#request.startedAt;
    const reader = this.#request.wire.createUsageReader(flatHeaders["content-type"] ?? "");
    const recording = this.#rooms.recorder?.begin(this.#request);
    this.#answer = { reader, recording, status, credential: lease.credential.label, firstByteMs, attempts };
    recording?.head(status, flatHeaders);
    response.writeHead(status, headers);
    // What came in the same packet takes the head along.
    process.nextTick(() => response.writableEnded || response.flushHeaders());
    return this;
  }

  write(chunk: Buffer): boolean {
    this.#answer?.reader.push(chunk);
    this.#answer?.recording?.chunk(chunk);
    return this.#passage.response.write(chunk);
  }

  onceDrained(resume: () => void): void {
    this.#passage.response.once("drain", resume);
  }

  end(ended: boolean): void {
    if (this.#answer === undefined) return;
    const { reader, recording, status, credential, firstByteMs, attempts } = this.#answer;
    const { response, reservation } = this.#passage;
    recording?.end(ended);
    const ending = { metered: reader.finish(ended), status, ended, credential, firstByteMs, attempts };
    // Before the agent knows that it has its answer: its next request finds this one counted.
    settleRequest(this.#rooms, this.#request, reservation, ending);
    // What the provider cut is cut for the agent too, which then tries again.
    if (ended) response.end();
    else response.destroy();
  }
}
