import { CloisterError } from "@cloister/core";
import { breach, guestFailure } from "./breach.ts";
import { execInGuest } from "./exec.ts";
import type { Field, Fields } from "./fields.ts";
import { getFile, putFile } from "./files.ts";
import { greet } from "./handshake.ts";
import type { GuestConnection, GuestHealth, GuestHello, GuestTransport } from "./port.ts";
import { GuestSession } from "./session.ts";
import { connectInGuest, listenInGuest } from "./sockets.ts";
import { KIND, TAG } from "./wire.ts";

const TIME_LIMIT_MS = 10_000;
/** For requests that take no time of their own. */
const ANSWER_LIMIT_MS = 60_000;
const SEED_SIZE = 32;

/**
 * Connects to the guest agent at the other end of a transport. The transport is closed when the connection ends, or was never made.
 * @param options.timeLimitMs for the agent's answer; default 10 s
 * @throws CloisterError `machine_failed`
 */
export async function connectGuest(
  transport: GuestTransport,
  options: { readonly timeLimitMs?: number } = {},
): Promise<GuestConnection> {
  const { stream } = transport;
  // Errors come when they want to, also after the end.
  stream.on("error", () => undefined);
  try {
    const { hello, rest } = await greet(stream, options.timeLimitMs ?? TIME_LIMIT_MS);
    const session = new GuestSession(stream);
    void session.closed.then(() => transport.close().catch(() => undefined)); // The connection has ended, whatever the transport says.
    session.start(rest);
    return toConnection(session, hello, transport);
  } catch (error: unknown) {
    stream.destroy();
    await transport.close().catch(() => undefined); // What failed first is what matters.
    throw error;
  }
}

function toConnection(session: GuestSession, hello: GuestHello, transport: GuestTransport): GuestConnection {
  const askPatiently = async (what: string, kind: number, fields: readonly Field[] = []): Promise<Fields> => {
    const answer = await session.open({ kind, fields, channels: 0 }).result;
    const error = answer.text(TAG.ERROR);
    if (error !== undefined) throw guestFailure(what, error);
    return answer;
  };
  const ask: typeof askPatiently = (what, ...question) => {
    const timer = setTimeout(() => session.fail(breach(`it did not ${what} in time`)), ANSWER_LIMIT_MS);
    return askPatiently(what, ...question).finally(() => clearTimeout(timer));
  };
  return {
    hello,
    closed: session.closed,
    exec: (spec) => execInGuest(session, spec),
    putFile: (path, content, options) => putFile(session, path, content, options),
    getFile: (path, options) => getFile(session, path, options),
    listen: (port, onConnection) => listenInGuest(session, port, onConnection),
    connect: (port) => connectInGuest(session, port),
    async setClock(time) {
      await ask("set its clock", KIND.SET_CLOCK, [[TAG.TIME, Math.trunc(time)]]);
    },
    async setIdentity({ hostname, machineId, seed }) {
      if (seed.byteLength !== SEED_SIZE) throw guestFailure("take its identity", `a seed has ${SEED_SIZE} bytes`);
      await ask("take its identity", KIND.SET_IDENTITY, [
        [TAG.HOSTNAME, hostname],
        [TAG.MACHINE_ID, machineId],
        [TAG.SEED, seed],
      ]);
    },
    async health({ waits = false } = {}) {
      const answer = await (waits ? askPatiently : ask)("tell its health", KIND.HEALTH);
      try {
        return toHealth(answer);
      } catch (error: unknown) {
        // Whoever watches it in the background is not told: so the connection ends.
        if (CloisterError.isInstance(error)) session.fail(error);
        throw error;
      }
    },
    async ping() {
      await ask("answer", KIND.PING);
    },
    async shutDown() {
      await ask("shut down", KIND.SHUTDOWN);
    },
    async [Symbol.asyncDispose]() {
      session.end(
        new CloisterError({
          code: "machine_failed",
          message: "The connection to the machine's guest agent was closed.",
        }),
        undefined,
      );
      await transport.close();
    },
  };
}

function toHealth(fields: Fields): GuestHealth {
  return {
    uptimeMs: fields.number(TAG.UPTIME) ?? 0,
    memoryTotalKib: fields.number(TAG.MEMORY_TOTAL) ?? 0,
    memoryAvailableKib: fields.number(TAG.MEMORY_AVAILABLE) ?? 0,
    processes: fields.number(TAG.PROCESSES) ?? 0,
    oomKills: fields.number(TAG.OOM_KILLS) ?? 0,
  };
}
