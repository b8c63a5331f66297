import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { networkInterfaces } from "node:os";

/** What no machine may reach. */
export type Canaries = {
  /** In the file, and in an environment variable of this process. */
  readonly word: string;
  /** Absolute path on the host. */
  readonly file: string;
  /** Of a server on every address of this host. */
  readonly port: number;
  /** An address of this host besides loopback; loopback where it has none. */
  readonly address: string;
  /** How often the server was reached. */
  readonly hits: () => number;
};

/** Opens the server of the canaries, until it is disposed of. */
export async function openCanaries({
  word,
  file,
}: Pick<Canaries, "word" | "file">): Promise<Canaries & AsyncDisposable> {
  let hits = 0;
  const server = createServer((socket) => {
    hits += 1;
    socket.destroy();
  }).listen(0);
  await once(server, "listening");
  return {
    word,
    file,
    port: (server.address() as AddressInfo).port,
    address: ownAddress(),
    hits: () => hits,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function ownAddress(): string {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all.find(({ family, internal }) => family === "IPv4" && !internal)?.address ?? "127.0.0.1";
}
