import { hash, randomBytes } from "node:crypto";
import { connectGuest } from "../guest/connect-guest.ts";
import type { Workpiece } from "./change-machine.ts";
import type { ManagerContext } from "./context.ts";
import { copyCredentials } from "./copy-credentials.ts";

/** What a guest is to be given. */
export type Furniture = {
  /** Host name, machine id, a fresh seed for its random numbers, and the time. */
  readonly identity: boolean;
  readonly copyCredentials: boolean;
};

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
    }
    const { home, user } = driver.surroundings(spec);
    if (furniture.copyCredentials) await copyCredentials(guest, env, { home, ...(user === undefined ? {} : { user }) });
  } finally {
    await transport.close();
  }
}
