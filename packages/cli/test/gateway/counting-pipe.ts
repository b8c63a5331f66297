import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";

/** Passes bytes on to a server, untouched, and remembers how each connection began. */
export interface CountingPipe extends AsyncDisposable {
  readonly url: string;
  /** The first bytes of each connection as text: the head of its first HTTP request. In the order in which they came. */
  readonly heads: readonly string[];
}

/** Starts a pipe to the server at `target` (an `http` URL) on a free port of loopback. */
export async function startCountingPipe(target: string): Promise<CountingPipe> {
  const heads: string[] = [];
  const open = new Set<Socket>();
  const { hostname, port } = new URL(target);
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      open.add(socket);
      // One end that breaks off takes the other one along.
      socket.on("error", () => undefined).once("close", () => (client.destroy(), upstream.destroy()));
    }
    client.once("data", (bytes) => heads.push(bytes.toString("latin1")));
    client.pipe(upstream).pipe(client);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    heads,
    async [Symbol.asyncDispose](): Promise<void> {
      for (const socket of open) socket.destroy();
      await once(server.close(), "close");
    },
  };
}
