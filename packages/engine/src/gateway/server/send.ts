import type { Dispatcher } from "undici";
import { type AnswerHeaders, answeredHeaders, flatHeaders } from "./headers.ts";

/** How long to wait for an answer to begin, and for its next byte: thinking models are silent for minutes. */
export type Patience = { readonly firstByteMs: number; readonly idleMs: number };

/** What is sent to a provider. */
export type Outgoing = {
  readonly origin: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
};

/** Of an answer that nobody wants so much is read, so that its connection can be used again; then that is given up. In bytes. */
const MAX_DISCARDED = 64 * 1024;

/** Takes an answer's bytes as they come. */
export type Sink = {
  /** False: no more until `resume` was called. */
  write(chunk: Buffer): boolean;
  /** Told once how to go on after a `write` that returned false. */
  onPausable(resume: () => void): void;
};

/** An answer whose headers are there. Its body waits until it is relayed or discarded. */
export type UpstreamAnswer = {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** The same with one value each. */
  readonly flatHeaders: Readonly<Record<string, string>>;
  /** Resolves when it is over: true where it came to its proper end. Never rejects. */
  relay(sink: Sink): Promise<boolean>;
  discard(): void;
};

/**
 * Sends a request. Resolves with the answer's beginning.
 * @param signal aborts it, at any time.
 * @throws the connection's error where no answer comes.
 */
export function send(
  pool: Dispatcher,
  outgoing: Outgoing,
  { firstByteMs, idleMs }: Patience,
  signal: AbortSignal,
): Promise<UpstreamAnswer> {
  return new Promise((resolve, reject) => {
    const handler = new AnswerHandler(resolve, reject, signal);
    const { body, ...head } = outgoing;
    const timeouts = { headersTimeout: firstByteMs, bodyTimeout: idleMs };
    const payload = body.length === 0 ? null : body;
    pool.dispatch({ ...head, body: payload, ...timeouts }, handler);
  });
}

/** Straight from the parser to the sink: no stream lies between, which is what a chunk's delay is made of. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  readonly #resolve: (answer: UpstreamAnswer) => void;
  readonly #reject: (error: Error) => void;
  readonly #signal: AbortSignal;
  readonly #over = Promise.withResolvers<boolean>();
  #abort: (() => void) | undefined;
  #sink: Sink | undefined;
  /** Bytes that may still be dropped; undefined where the answer is not to be. */
  #toDiscard: number | undefined;

  constructor(resolve: (answer: UpstreamAnswer) => void, reject: (error: Error) => void, signal: AbortSignal) {
    this.#resolve = resolve;
    this.#reject = reject;
    this.#signal = signal;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#abort = () => controller.abort(new Error("the agent went away"));
    if (this.#signal.aborted) this.#abort();
    else this.#signal.addEventListener("abort", this.#abort, { once: true });
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    controller.pause();
    const answered = answeredHeaders(headers);
    this.#resolve({
      status,
      headers: answered,
      flatHeaders: flatHeaders(answered),
      relay: (sink) => {
        this.#sink = sink;
        sink.onPausable(() => controller.resume());
        controller.resume();
        return this.#over.promise;
      },
      discard: () => {
        this.#toDiscard = MAX_DISCARDED;
        controller.resume();
      },
    });
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== undefined && !this.#sink.write(chunk)) controller.pause();
    if (this.#toDiscard === undefined) return;
    this.#toDiscard -= chunk.length;
    if (this.#toDiscard < 0) controller.abort(new Error("the answer is longer than it is worth"));
  }

  onResponseEnd(): void {
    this.#end(true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#toDiscard === undefined) this.#reject(error); // Does nothing once the answer has begun.
    this.#end(false);
  }

  #end(proper: boolean): void {
    if (this.#abort !== undefined) this.#signal.removeEventListener("abort", this.#abort);
    this.#over.resolve(proper);
  }
}
