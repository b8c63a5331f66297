import { once } from "node:events";
import { connect } from "node:net";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { tryLock } from "../../runs/lock.ts";
import type { GuestTransport } from "../guest/port.ts";

/** How many connections to its guest agent a machine takes at a time. */
export const GUEST_PORTS = 4;

/** The port that qemu-guest-agent opens in a system that Cloister did not build. */
export const AGENT_PORT = "org.qemu.guest_agent.0";

/** Its socket, in the machine's socket folder. */
export const AGENT_SOCKET = "agent";

/** The socket of a guest port, in the machine's socket folder. @param port from 0, below {@link GUEST_PORTS} */
export function guestSocket(port: number): string {
  return `guest-${port}`;
}

/**
 * Connects to a machine's guest agent by a port that nobody else uses. Whose port it is says a lock beside its socket; that of a
 * process that has ended is taken over.
 * @throws CloisterError `machine_failed` where all ports are taken, or the machine does not run
 */
export async function connectGuestPort(socketFolder: string): Promise<GuestTransport> {
  for (let port = 0; port < GUEST_PORTS; port++) {
    const path = join(socketFolder, guestSocket(port));
    const lock = tryLock(`${path}.lock`);
    if (lock !== undefined) return connectLocked(path, lock);
  }
  throw new CloisterError({
    code: "machine_failed",
    message: `All ${GUEST_PORTS} connections that a machine takes at a time are in use.`,
    remedy: "End a command that works in this machine, then try again.",
  });
}

async function connectLocked(path: string, lock: Disposable): Promise<GuestTransport> {
  const stream = connect(path);
  const closed = once(stream, "close").catch(() => undefined); // Its error is the reader's.
  void closed.then(() => lock[Symbol.dispose]());
  try {
    await once(stream, "connect");
  } catch (cause: unknown) {
    throw new CloisterError({
      code: "machine_failed",
      message: "The machine does not run: nobody listens for connections to its guest agent.",
      remedy: "Start it first.",
      cause,
    });
  }
  const close = async (): Promise<void> => {
    stream.destroy();
    await closed;
  };
  return { stream, close };
}
