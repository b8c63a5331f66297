/** From a machine that boots to a guest agent that listens in it. */
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import type { AgentTalk } from "../foreign/agent-channel.ts";
import { bringAgent } from "../foreign/bring-agent.ts";

/** Which ports the system in a machine has opened. */
export type OpenedPorts = {
  /** Cloister's guest agent listens. */
  readonly guest: boolean;
  /** qemu-guest-agent does. */
  readonly agent: boolean;
};

/** A machine to wait for. */
export type BootingMachine = {
  /** Throws where the machine has ended. */
  readonly ports: () => Promise<OpenedPorts>;
  /** Between two looks. */
  readonly pollMs: number;
  readonly limitMs: number;
  /** Where Cloister did not build its system. */
  readonly foreign?: {
    /** Cloister's guest agent. */
    readonly readProgram: () => Promise<Uint8Array>;
    readonly talk: () => Promise<AgentTalk>;
  };
};

/**
 * Waits until Cloister's guest agent listens; where only qemu-guest-agent does, brings it in by that.
 * @throws CloisterError `machine_failed` where the limit is over, `image_invalid` where that is for want of an agent
 */
export async function awaitGuest(machine: BootingMachine): Promise<void> {
  const deadline = performance.now() + machine.limitMs;
  let failure: CloisterError | undefined;
  for (;;) {
    const { guest, agent } = await machine.ports();
    if (guest) return;
    if (agent) failure = await tryToBring(machine);
    if (performance.now() > deadline) throw failure ?? silent(machine);
    await delay(machine.pollMs);
  }
}

/** @returns why it did not come to that: a system that is still booting may answer later */
async function tryToBring({ foreign, ports }: BootingMachine): Promise<CloisterError | undefined> {
  if (foreign === undefined) return undefined;
  try {
    using talk = await foreign.talk();
    const listens = async (): Promise<boolean> => (await ports()).guest;
    await bringAgent(talk.ask, { program: await foreign.readProgram(), listens });
    return undefined;
  } catch (error: unknown) {
    if (CloisterError.isInstance(error) && error.code === "machine_failed") return error;
    throw error;
  }
}

function silent({ foreign, limitMs }: BootingMachine): CloisterError {
  const limit = `${limitMs / 1000} s`;
  if (foreign === undefined)
    return new CloisterError({ code: "machine_failed", message: `its guest agent did not listen within ${limit}` });
  return new CloisterError({
    code: "image_invalid",
    message: `expected a guest agent in it, Cloister's or qemu-guest-agent, to listen within ${limit}, none did`,
    remedy:
      "Install qemu-guest-agent on the disk so that it starts with the system, then import it again; or give it more time to boot: CLOISTER_BOOT_SECONDS.",
  });
}

/** The error of a machine that did not start. @param words what it said, made safe already */
export function didNotStart(id: string, cause: unknown, words: string): CloisterError {
  const why = cause instanceof Error ? cause.message : String(cause);
  const said = words === "" ? "" : ` It said: ${words}`;
  const { code, remedy } = CloisterError.isInstance(cause) ? cause : { code: "machine_failed" as const };
  return new CloisterError({
    code,
    message: `Machine ${id} did not start: ${why}${said}`,
    cause,
    ...(remedy !== undefined && { remedy }),
  });
}
