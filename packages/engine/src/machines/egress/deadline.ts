import type { Duplex } from "node:stream";

/** Ends a stream that does not get on in time. */
export class Deadline {
  readonly #stream: Duplex;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: Duplex) {
    this.#stream = stream;
    stream.once("close", () => this.clear());
  }

  /** Begins anew. @param ms until the stream is destroyed */
  set(ms: number): void {
    this.clear();
    if (this.#stream.destroyed) return;
    this.#timer = setTimeout(() => this.#stream.destroy(), ms).unref();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
