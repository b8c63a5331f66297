import { Duplex } from "node:stream";
import { guestFailure } from "./breach.ts";
import type { GuestStream } from "./guest-stream.ts";
import type { GuestSession } from "./session.ts";
import { KIND, TAG } from "./wire.ts";

/** A connection in the guest as a stream of the host. Both directions end on their own. */
class GuestSocket extends Duplex {
  readonly #stream: GuestStream;
  #reading = false;

  constructor(stream: GuestStream) {
    super({ allowHalfOpen: true });
    this.#stream = stream;
    // The guest can have it fail whenever it wants to: that must not end this process, whoever listens.
    this.on("error", () => undefined);
    void stream.result.then(
      (fields) => this.#over(fields.text(TAG.ERROR)),
      (error: Error) => this.destroy(error),
    );
  }

  override _read(): void {
    if (this.#reading) return;
    this.#reading = true;
    void this.#pull();
  }

  override _write(bytes: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    void this.#carry(bytes, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#stream.endInput();
    done();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    // Where both directions have ended in order, the guest may still be writing the last of it.
    if (!this.writableFinished || !this.readableEnded) this.#stream.close();
    done(error);
  }

  async #carry(bytes: Buffer, done: () => void): Promise<void> {
    await this.#stream.write(bytes);
    done();
  }

  /** Moves what has come until the reader has enough. */
  async #pull(): Promise<void> {
    const [inlet] = this.#stream.inlets;
    let wantsMore = true;
    while (wantsMore) {
      const bytes = await inlet?.take();
      if (this.destroyed) return;
      wantsMore = this.push(bytes ?? null) && bytes !== undefined;
    }
    this.#reading = false;
  }

  #over(error: string | undefined): void {
    if (error !== undefined && !this.destroyed) this.destroy(guestFailure("carry a connection", error));
  }
}

/** Listens on a port of the guest's 127.0.0.1; see `GuestConnection.listen`. */
export async function listenInGuest(
  session: GuestSession,
  port: number,
  onConnection: (stream: Duplex) => void,
): Promise<AsyncDisposable> {
  const stream = session.open({ kind: KIND.LISTEN, fields: [[TAG.PORT, port]], channels: 0 });
  session.onAccepted(stream, (accepted) => {
    if (stream.isClosing) accepted.close();
    else onConnection(new GuestSocket(accepted));
  });
  const error = (await stream.ready).text(TAG.ERROR);
  if (error !== undefined) throw guestFailure(`listen on port ${port}`, error);
  return {
    async [Symbol.asyncDispose](): Promise<void> {
      stream.close();
      await stream.result.catch(() => undefined); // The session has ended: so has the listener.
    },
  };
}

/** Connects to a port of the guest's 127.0.0.1; see `GuestConnection.connect`. */
export async function connectInGuest(session: GuestSession, port: number): Promise<Duplex> {
  const stream = session.open({ kind: KIND.CONNECT, fields: [[TAG.PORT, port]], channels: 1 });
  const error = (await stream.ready).text(TAG.ERROR);
  if (error !== undefined) throw guestFailure(`connect to port ${port}`, error);
  return new GuestSocket(stream);
}
