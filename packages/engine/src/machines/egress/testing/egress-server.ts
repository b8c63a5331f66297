import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { duplexPair, pipeline } from "node:stream";
import { createEgress } from "../create-egress.ts";
import type { Egress, EgressDecision, EgressOptions } from "../port.ts";

/** An egress proxy that a test's programs reach over TCP, as a machine's do over its guest agent. */
export type EgressServer = AsyncDisposable & {
  readonly egress: Egress;
  readonly port: number;
  readonly decisions: EgressDecision[];
};

/** Starts one. */
export async function startEgressServer(options: Partial<EgressOptions>): Promise<EgressServer> {
  const decisions: EgressDecision[] = [];
  const egress = createEgress({
    rules: [],
    secrets: [],
    dial: dialCanary,
    onDecision: (decision) => decisions.push(decision),
    ...options,
  });
  // A guest agent's streams are no sockets: neither are these.
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const [near, far] = duplexPair();
    pipeline(socket, near, socket, () => near.destroy());
    far.once("close", () => socket.destroySoon());
    egress.accept(far);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    egress,
    port: (server.address() as AddressInfo).port,
    decisions,
    [Symbol.asyncDispose]: async () => {
      await egress[Symbol.asyncDispose]();
      server.close();
      await once(server, "close");
    },
  };
}

/**
 * Tests have loopback alone, and the proxy refuses that after resolution. So the public addresses 11.0.0.N stand for 127.0.0.N here, and
 * every special address but loopback for 127.0.0.8: whatever the proxy connects to, there is a canary.
 */
export function dialCanary(address: string, port: number): Socket {
  const host = address.startsWith("11.0.0.")
    ? address.replace("11.", "127.")
    : /^127\.|^::1$/.test(address)
      ? address
      : "127.0.0.8";
  return connect({ host, port, allowHalfOpen: true });
}

/** Sends bytes, each after an answer to those before, and reads all that comes until the other side ends. */
export async function exchangeBytes(port: number, parts: readonly (string | Buffer)[]): Promise<string> {
  const socket = connect({ host: "127.0.0.1", port, allowHalfOpen: true });
  const heard: Buffer[] = [];
  let next = 0;
  const say = (): void => {
    const part = parts[next];
    next += 1;
    if (part !== undefined) socket.write(typeof part === "string" ? Buffer.from(part, "latin1") : part);
  };
  socket.on("error", () => undefined);
  socket.once("connect", say);
  socket.on("data", (chunk: Buffer) => {
    heard.push(chunk);
    say();
  });
  socket.once("end", () => socket.end());
  await new Promise((resolve) => socket.once("close", resolve));
  return Buffer.concat(heard).toString("latin1");
}
