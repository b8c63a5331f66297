import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { decideEgress, type EgressTarget } from "@cloister/core";
import { EgressRefusedError, toEgressRefused } from "./egress-refused-error.ts";
import type { EgressLimits, EgressOptions } from "./port.ts";
import { isSpecialAddress } from "./special-addresses.ts";

/** The way from a host and port that was asked for to a connection. */
export type Router = {
  /** Decides by the rules. @throws EgressRefusedError `malformed` or `not_allowed` */
  readonly decide: (asked: { readonly host: string; readonly port: number }) => EgressTarget;
  /** Connects to a target that was decided on. @throws EgressRefusedError `special_address`, `unresolved` or `unreachable` */
  readonly connect: (target: EgressTarget) => Promise<Socket>;
};

/** Addresses of one name that are tried, one after another. */
const MAX_TRIED = 4;

/** @returns the way by these rules; the only one by which the proxy connects to anything. */
export function createRouter(
  options: Pick<EgressOptions, "rules" | "resolve" | "dial">,
  limits: Pick<EgressLimits, "connectMs" | "idleMs">,
): Router {
  const { rules, resolve = resolveOnHost, dial = dialDirectly } = options;
  return {
    decide: (asked) => {
      const verdict = decideEgress(rules, asked);
      if (verdict.allowed) return verdict.target;
      const detail =
        verdict.refusal === "malformed" ? "it is not a host and port in their usual form." : "no rule allows it.";
      throw new EgressRefusedError(verdict.refusal, detail, asked);
    },
    connect: async (target) => {
      const addresses = await findAddresses(target, resolve, limits.connectMs);
      const socket = await dialFirst(addresses, target, (address) => dialWithin(dial(address, target.port), limits));
      return socket;
    },
  };
}

/**
 * The addresses that may be connected to. An address, and `localhost`, get here only where a rule names them: so they are meant.
 * A name that has both public and special addresses is refused whole: there is no honest reason for it.
 */
async function findAddresses(
  target: EgressTarget,
  resolve: NonNullable<EgressOptions["resolve"]>,
  limitMs: number,
): Promise<readonly string[]> {
  if (target.kind === "address") return [target.host];
  if (target.host === "localhost") return ["127.0.0.1", "::1"];
  const addresses = await within(resolve(target.host), limitMs).catch(() => []);
  if (addresses.length === 0) throw new EgressRefusedError("unresolved", "its name has no address.", target);
  const special = addresses.find(isSpecialAddress);
  if (special === undefined) return addresses.slice(0, MAX_TRIED);
  const detail = `its name stands for ${special}, which is not an address of the public Internet.`;
  throw new EgressRefusedError("special_address", detail, target);
}

async function dialFirst(
  addresses: readonly string[],
  target: EgressTarget,
  dial: (address: string) => Promise<Socket>,
): Promise<Socket> {
  let failure: unknown;
  for (const address of addresses) {
    try {
      return await dial(address);
    } catch (error: unknown) {
      failure = error;
    }
  }
  throw toEgressRefused(failure, target);
}

async function dialWithin(
  socket: Socket,
  { connectMs, idleMs }: Pick<EgressLimits, "connectMs" | "idleMs">,
): Promise<Socket> {
  const end = (): void => void socket.destroy(Object.assign(new Error("silent for too long"), { code: "ETIMEDOUT" }));
  // At first for connecting, then for all silence.
  socket.setTimeout(connectMs, end);
  await once(socket, "connect");
  socket.setTimeout(idleMs);
  socket.setNoDelay(true);
  // Who uses it sees its end: an error without a listener would end the process.
  socket.on("error", () => undefined);
  return socket;
}

function dialDirectly(address: string, port: number): Socket {
  return connect({ host: address, port, allowHalfOpen: true });
}

async function resolveOnHost(host: string): Promise<readonly string[]> {
  const found = await lookup(host, { all: true, order: "verbatim" });
  return found.map(({ address }) => address);
}

async function within<T>(work: Promise<T>, limitMs: number): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error("out of time")), limitMs);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
