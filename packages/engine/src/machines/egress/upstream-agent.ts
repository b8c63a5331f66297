import { Agent } from "node:http";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls } from "node:tls";
import { callbackify } from "node:util";
import type { EgressTarget } from "@cloister/core";
import type { EgressContext } from "./context.ts";

/** Connections that one connection of the machine may have outside: its requests wait for each other anyway. */
const MAX_SOCKETS = 4;
/** How long a connection is kept for the next request; less than servers commonly do. */
const KEEP_MS = 4000;

/** How one connection of the machine reaches what its requests are for. */
export type Outside = {
  /** A target that was decided on. */
  readonly isSecure: boolean;
  /** A connection that is open already, for the first request. */
  readonly first?: Socket;
};

/** @returns an agent whose every connection goes by the router: to an address that was checked, verified where it is TLS. */
export function createUpstreamAgent(context: EgressContext, { isSecure, first }: Outside): Agent {
  let spare = first;
  const agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: KEEP_MS });
  const open = async (target: EgressTarget): Promise<Duplex> => {
    const ready = spare;
    spare = undefined;
    const socket = ready === undefined || ready.destroyed ? await context.router.connect(target) : ready;
    return isSecure ? secure(context, socket, target) : socket;
  };
  agent.createConnection = (options, done) => {
    const target = context.router.decide({ host: options.host ?? "", port: Number(options.port) });
    callbackify(open)(target, (error, socket) => done?.(error, socket));
    return undefined;
  };
  return agent;
}

function secure(context: EgressContext, socket: Socket, target: EgressTarget): Promise<Duplex> {
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>();
  const outside = connectTls({
    socket,
    host: target.host,
    ...(target.kind === "name" ? { servername: target.host } : {}),
    ALPNProtocols: ["http/1.1"],
    secureContext: context.outsideTrust(),
  });
  outside.once("secureConnect", () => resolve(outside));
  outside.on("error", reject);
  outside.once("close", () => reject(new Error("closed")));
  return promise;
}
