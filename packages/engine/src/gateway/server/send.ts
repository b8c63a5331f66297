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

/** Takes an answer's bytes as they come. */
export type Sink = {
  /** @returns false where no more should come for now. */
  write(chunk: Buffer): boolean;
  /** Calls `resume` when more may come, after a `write` that returned false. */
  onceDrained(resume: () => void): void;
  /** Called once, in the turn in which the last byte came, so that both can leave together. @param isWhole false: it was cut off. */
  end(isWhole: boolean): void;
};

/** How an answer begins. */
export type AnswerHead = {
  readonly status: number;
  readonly headers: AnswerHeaders;
  /** The same with one value each. */
  readonly flatHeaders: Readonly<Record<string, string>>;
};

/** Who is asked where an answer goes, at once. Undefined: nobody wants it. */
export type TakeAnswer = (head: AnswerHead) => Sink | undefined;

/** Of an answer that nobody wants so much is read, so that its connection can be used again; then that is given up. In bytes. */
const MAX_DISCARDED = 64 * 1024;

/**
 * Sends a request. Resolves when its answer is over, or when nobody wants it.
 * @param signal aborts it, at any time.
 * @throws the connection's error where no answer comes; what `take` throws, and the sink at its end.
 */
export function send(
  pool: Dispatcher,
  outgoing: Outgoing,
  { firstByteMs, idleMs }: Patience,
  { signal, take }: { readonly signal: AbortSignal; readonly take: TakeAnswer },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const handler = new AnswerHandler({ resolve, reject, take }, signal);
    const { origin, method, path, headers } = outgoing;
    const body = outgoing.body.length === 0 ? null : outgoing.body;
    const timeouts = { headersTimeout: firstByteMs, bodyTimeout: idleMs };
    pool.dispatch({ origin, method, path, headers, body, ...timeouts }, handler);
  });
}

type Asker = { readonly take: TakeAnswer; readonly resolve: () => void; readonly reject: (error: Error) => void };

/** Straight from the parser to the sink: no stream lies between, which is what a chunk's delay is made of. */
class AnswerHandler implements Dispatcher.DispatchHandler {
  /** Undefined once all is over: what undici has of a request lives on for a while, and would keep alive all that was there for it. */
  #asker: Asker | undefined;
  #signal: AbortSignal | undefined;
  /** A closure over it in its place kept dead requests, by measure (decision 16). */
  #controller: Dispatcher.DispatchController | undefined;
  #sink: Sink | undefined;
  #left = MAX_DISCARDED;

  constructor(asker: Asker, signal: AbortSignal) {
    this.#asker = asker;
    this.#signal = signal;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#signal?.aborted) this.handleEvent();
    else this.#signal?.addEventListener("abort", this, { once: true });
  }

  /** The signal was aborted. */
  handleEvent(): void {
    this.#controller?.abort(new Error("the agent went away"));
  }

  /** What it throws comes back by {@link onResponseError}. */
  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Readonly<Record<string, string | string[] | undefined>>,
  ): void {
    if (status < 200) return;
    const answered = answeredHeaders(headers);
    this.#sink = this.#asker?.take({ status, headers: answered, flatHeaders: flatHeaders(answered) });
    if (this.#sink === undefined) this.#asker?.resolve();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#sink !== undefined) {
      if (this.#sink.write(chunk)) return;
      controller.pause();
      this.#sink.onceDrained(() => controller.resume());
      return;
    }
    this.#left -= chunk.length;
    if (this.#left < 0) controller.abort(new Error("the answer is longer than it is worth"));
  }

  onResponseEnd(): void {
    this.#end(true);
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#sink === undefined) this.#asker?.reject(error); // Does nothing where the answer was not wanted.
    this.#end(false);
  }

  #end(isWhole: boolean): void {
    this.#signal?.removeEventListener("abort", this);
    const [sink, asker] = [this.#sink, this.#asker];
    this.#sink = this.#asker = this.#signal = this.#controller = undefined;
    try {
      sink?.end(isWhole);
      asker?.resolve();
    } catch (error: unknown) {
      asker?.reject(error instanceof Error ? error : new Error(String(error)));
    }
  }
}
