/** What the driver itself does in a guest: little, and never what the machine depends on. */
import { connectGuest } from "../guest/connect-guest.ts";
import { furnishSystem } from "../foreign/furnish-system.ts";
import type { GuestConnection } from "../guest/port.ts";
import { connectGuestPort } from "./guest-port.ts";
import { GUEST_SURROUNDINGS } from "./surroundings.ts";

/** A guest agent answers in milliseconds, also in a machine that has no time for anything else. */
const GREETING_MS = 3000;
const SYNC_MS = 10_000;

/** Has the guest write what it holds in memory to its disk. A guest that does not answer is left alone: it is as after a power cut. */
export async function syncGuest(socketFolder: string): Promise<void> {
  try {
    await using guest = await connectGuest(await connectGuestPort(socketFolder), { timeLimitMs: GREETING_MS });
    await runQuietly(guest, ["sync"], { timeLimitMs: SYNC_MS });
  } catch {
    // It hangs, or all its ports are in use.
  }
}

/** Makes a system that Cloister did not build one that machines are worked in. @throws CloisterError `machine_failed` */
export async function furnishForeign(socketFolder: string): Promise<void> {
  await using guest = await connectGuest(await connectGuestPort(socketFolder));
  await furnishSystem(guest);
}

/** Runs a program to its end, whatever it prints and however it ends. */
export async function runQuietly(
  guest: GuestConnection,
  argv: readonly string[],
  options: { readonly timeLimitMs: number; readonly user?: string },
): Promise<void> {
  const program = guest.exec({ argv, env: GUEST_SURROUNDINGS.env, ...options });
  await Promise.all([drain(program.stdout), drain(program.stderr), program.exit]);
}

async function drain(bytes: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const _ of bytes);
}
