import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";

/** What the proxy does to what the server sends. All of it can be combined. */
export type Chaos = {
  /** Wait before each piece of the answer is passed on, ms. */
  readonly delayMs?: number;
  /** Pass the answer on in pieces of at most so many bytes: with `delayMs`, a slow drip. */
  readonly pieceBytes?: number;
  /** Cut the connection after so many bytes of the answer, politely (FIN). */
  readonly cutAfterBytes?: number;
  /** Break the connection after so many bytes of the answer, rudely (RST). 0: as soon as the client says something. */
  readonly resetAfterBytes?: number;
  /** How many connections suffer, counted from the first; later ones pass untouched. Default: all. */
  readonly connections?: number;
};

/** Where to listen and what to do. */
export type ChaosProxyOptions = {
  readonly targetPort: number;
  readonly targetHost?: string;
  readonly chaos: Chaos;
  /** 0, or left out: any free port. */
  readonly port?: number;
};

/** A proxy under way. */
export interface ChaosProxy extends AsyncDisposable {
  readonly port: number;
  /** `http://127.0.0.1:<port>`. */
  readonly url: string;
  /** Connections taken so far. */
  readonly connections: number;
  /** Replaces what is done to connections that come from now on; their count for `connections` begins anew. */
  setChaos(chaos: Chaos): void;
  /** Drops every connection and stops listening. Idempotent. */
  close(): Promise<void>;
}

/**
 * Starts a TCP proxy on loopback that damages what the target answers: to be put between an agent and a model server.
 * What the client sends passes untouched.
 * @throws the system's error where the port cannot be had.
 */
export async function createChaosProxy(options: ChaosProxyOptions): Promise<ChaosProxy> {
  const closing = new AbortController();
  const sockets = new Set<Socket>();
  let { chaos } = options;
  let suffering = 0;
  let connections = 0;

  const server = createServer((client) => {
    connections += 1;
    suffering += 1;
    const suffers = suffering <= (chaos.connections ?? Number.POSITIVE_INFINITY);
    const target = connect(options.targetPort, options.targetHost ?? "127.0.0.1");
    for (const socket of [client, target]) {
      sockets.add(socket);
      socket.once("close", () => sockets.delete(socket));
    }
    relay({ client, target, chaos: suffers ? chaos : {}, signal: closing.signal });
  });
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const closed = once(server, "close");

  const close = async (): Promise<void> => {
    closing.abort();
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    get connections() {
      return connections;
    },
    setChaos: (next) => {
      chaos = next;
      suffering = 0;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

type Relay = {
  readonly client: Socket;
  readonly target: Socket;
  readonly chaos: Chaos;
  readonly signal: AbortSignal;
};

function relay({ client, target, chaos, signal }: Relay): void {
  // One end's error or end is the other's end: whoever looks at the connection sees it there.
  client.on("error", () => target.destroy());
  target.on("error", () => client.destroy());
  client.once("close", () => target.destroy());
  if (chaos.resetAfterBytes === 0) client.once("data", () => client.resetAndDestroy());
  client.pipe(target);
  passAnswer({ client, target, chaos, signal }).catch(() => client.destroy());
}

async function passAnswer({ client, target, chaos, signal }: Relay): Promise<void> {
  const { delayMs = 0, resetAfterBytes, cutAfterBytes } = chaos;
  const limit = Math.min(resetAfterBytes ?? Number.POSITIVE_INFINITY, cutAfterBytes ?? Number.POSITIVE_INFINITY);
  let passed = 0;
  for await (const piece of toPieces(target, chaos.pieceBytes)) {
    if (delayMs > 0) await delay(delayMs, undefined, { signal });
    const allowed = piece.subarray(0, limit - passed);
    passed += allowed.length;
    await write(client, allowed);
    if (passed >= limit) return end(client, target, limit === resetAfterBytes);
  }
  client.end();
}

async function* toPieces(source: Socket, pieceBytes: number = Number.POSITIVE_INFINITY): AsyncGenerator<Uint8Array> {
  for await (const chunk of source as AsyncIterable<Buffer>) {
    for (let start = 0; start < chunk.length; start += pieceBytes) yield chunk.subarray(start, start + pieceBytes);
  }
}

function write(client: Socket, data: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => client.write(data, (error) => (error ? reject(error) : resolve())));
}

function end(client: Socket, target: Socket, rudely: boolean): void {
  target.destroy();
  if (rudely) client.resetAndDestroy();
  else client.end();
}
