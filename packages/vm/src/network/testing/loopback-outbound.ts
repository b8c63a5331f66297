import { once } from "node:events";
import { connect } from "node:net";
import { toByteStream } from "../../node/socket-stream.ts";
import type { Endpoint, Outbound } from "../port.ts";

/** An outbound that takes every address for this host's loopback, and knows the names it is told. */
export function createLoopbackOutbound(
  names: Readonly<Record<string, readonly string[]>> = {},
): Outbound & { readonly asked: Endpoint[] } {
  const asked: Endpoint[] = [];
  return {
    asked,
    async connectTcp(to) {
      asked.push(to);
      const socket = connect({ host: "127.0.0.1", port: to.port, allowHalfOpen: true, noDelay: true });
      await once(socket, "connect");
      return toByteStream(socket);
    },
    async resolve(name) {
      if (name === "broken.test") {
        throw new Error("no name server");
      }
      return names[name] ?? [];
    },
    async exchangeUdp(to, bytes) {
      asked.push(to);
      return bytes.toReversed();
    },
  };
}
