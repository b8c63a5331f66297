/** The drivers themselves, for what happens within one step of the manager: from here a guest agent's first word can be seen. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { machinePlaces, type OpenMachine } from "@cloister/engine/machines";
import { connectGuest } from "../../packages/engine/src/machines/guest/connect-guest.ts";
import { guestProgram } from "../../packages/engine/src/machines/guest/program.ts";
import { makeSocketFolder } from "../../packages/engine/src/machines/places.ts";
import type { MachineDriver, MachineId, MachineSpec } from "../../packages/engine/src/machines/port.ts";
import { createQemuDriver } from "../../packages/engine/src/machines/qemu/index.ts";
import { createSandboxDriver } from "../../packages/engine/src/machines/sandbox/index.ts";
import type { Place } from "./place.ts";

/** The driver of sandboxes. */
export function sandboxDriver({ env }: Place): MachineDriver {
  const guest = guestProgram({ architecture: process.arch, cache: machinePlaces(env).cache });
  return createSandboxDriver({ env, guest: () => guest });
}

/** The driver of virtual machines, probed. */
export async function qemuDriver({ env }: Place): Promise<MachineDriver> {
  const driver = createQemuDriver({ env, places: machinePlaces(env) });
  await driver.probe({ env });
  return driver;
}

/** Another machine just like one that is open, not made yet. */
export function anotherLike({ spec }: OpenMachine): MachineSpec {
  const id = randomBytes(6).toString("hex") as MachineId;
  const folder = join(spec.folder, "..", id);
  mkdirSync(folder, { mode: 0o700 });
  return { ...spec, id, folder, socketFolder: makeSocketFolder(id), env: { ...spec.env, CLOISTER_MACHINE: id } };
}

/** Connects to a machine's guest agent, and waits until it has said who it is. Disposing ends the connection. */
export async function greetGuest(driver: MachineDriver, machine: MachineSpec): Promise<AsyncDisposable> {
  const transport = await driver.connect(machine);
  const guest = await connectGuest(transport);
  const close = async (): Promise<void> => {
    await guest[Symbol.asyncDispose]();
    await transport.close();
  };
  return { [Symbol.asyncDispose]: close };
}
