import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type SecureContextOptions } from "node:tls";
import { peekBytes } from "../read-bytes.ts";

/** A request that got through to a canary. */
export type CanaryRequest = Pick<IncomingMessage, "method" | "url" | "rawHeaders" | "headers"> & {
  readonly body: string;
};

/** A server that should not be reached, or only by what is allowed: it writes down who came. */
export type Canary = AsyncDisposable & {
  readonly port: number;
  /** What was connected since the last reset. */
  readonly connections: number;
  /** What was said to it since then. */
  readonly heard: string;
  readonly requests: readonly CanaryRequest[];
  reset(): void;
};

/** How a canary answers. Default: 200, with `canary`. */
export type CanaryOptions = {
  readonly address: string;
  /** 0: any that is free. */
  readonly port: number;
  readonly tls?: SecureContextOptions;
  readonly answer?: (request: CanaryRequest, response: Parameters<RequestListener>[1]) => void;
};

/** Starts one: HTTP, and TLS where it has a certificate, on one port. */
export async function startCanary({ address, port, tls, answer }: CanaryOptions): Promise<Canary> {
  const sockets = new Set<Socket>();
  const [heard, requests]: [Buffer[], CanaryRequest[]] = [[], []];
  let connections = 0;
  const http = serveHttp(requests, answer ?? ((_request, response) => void response.end("canary")));
  const secure = tls === undefined ? undefined : createTlsServer(tls, (socket) => http.emit("connection", socket));
  secure?.on("tlsClientError", (_error, socket) => socket.destroy());
  const server = createServer((socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on("error", () => undefined).once("close", () => sockets.delete(socket));
    void peekBytes(socket, (bytes) => bytes).then((first) => {
      if (first === undefined) return;
      heard.push(first);
      const target = first[0] === 22 && secure !== undefined ? secure : http;
      target.emit("connection", socket);
    });
  });
  server.listen(port, address);
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    get heard() {
      return Buffer.concat(heard).toString("latin1");
    },
    requests,
    reset: () => {
      connections = 0;
      heard.length = 0;
      requests.length = 0;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

function serveHttp(requests: CanaryRequest[], answer: NonNullable<CanaryOptions["answer"]>): Server {
  // As forgiving as servers come: what the proxy lets through must be harmless to them as well.
  return createHttpServer({ insecureHTTPParser: true, requireHostHeader: false }, (request, response) => {
    void request
      .toArray()
      .catch(() => [])
      .then((chunks) => take(request, chunks as Buffer[], response));
  });

  function take(request: IncomingMessage, chunks: readonly Buffer[], response: Parameters<RequestListener>[1]): void {
    const body = Buffer.concat(chunks).toString("latin1");
    const { method, url, rawHeaders, headers } = request;
    const seen = { method, url, rawHeaders, headers, body } as CanaryRequest;
    requests.push(seen);
    answer(seen, response);
  }
}
