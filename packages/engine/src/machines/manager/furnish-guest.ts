import { hash, randomBytes } from "node:crypto";
import { connectGuest } from "../guest/connect-guest.ts";
import type { GuestConnection } from "../guest/port.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import type { Workpiece } from "./change-machine.ts";
import type { ManagerContext } from "./context.ts";
import { copyCredentials } from "./copy-credentials.ts";

/** What a guest is to be given. */
export type Furniture = {
  /** Host name, machine id, a fresh seed for its random numbers, and the time. */
  readonly identity: boolean;
  readonly copyCredentials: boolean;
};

/** Of the kernel, and of the guest agent. */
const OWN_PROCESSES = 256;
const LIMIT_PROCESSES = 'echo "$1" > /proc/sys/kernel/threads-max';

/** A virtual machine has a kernel of its own: its limit is set there, by its root. */
async function limitProcesses(guest: GuestConnection, processes: number): Promise<void> {
  const argv = ["/bin/sh", "-c", LIMIT_PROCESSES, "sh", String(processes + OWN_PROCESSES)];
  await runInGuest(guest, { argv, cwd: "/", env: {} });
}

/** Gives a running machine what makes it itself, through its guest agent. @throws CloisterError `machine_failed` */
export async function furnishGuest(
  { env, now }: ManagerContext,
  { driver, machine, spec }: Workpiece,
  furniture: Furniture,
): Promise<void> {
  const transport = await driver.connect(spec);
  try {
    await using guest = await connectGuest(transport);
    if (furniture.identity) {
      await guest.setClock(now());
      await guest.setIdentity({
        hostname: machine.name,
        machineId: hash("sha256", machine.id, "hex").slice(0, 32),
        seed: randomBytes(32),
      });
      await limitProcesses(guest, machine.policy.limits.processes);
    }
    const { home, user } = driver.surroundings(spec);
    if (furniture.copyCredentials) await copyCredentials(guest, env, { home, ...(user === undefined ? {} : { user }) });
  } finally {
    await transport.close();
  }
}
