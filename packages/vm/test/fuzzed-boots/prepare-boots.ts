import { Random } from "../../src/testing/random.ts";
import { FuzzedMachine } from "./fuzzed-machine.ts";
import { BEFORE_DEVICES, type Guest, WORKED } from "./guest.ts";

/** Where a boot begins: at power-on, when the kernel first touches a device of the board, or before it looks for virtio devices. */
export type Start = "power-on" | "board" | "virtio";

/** What boots, and where boots that are short go on from. */
export type BootMaterial = {
  readonly guest: Guest;
  readonly snapshots: Readonly<Record<Start, Uint8Array | undefined>>;
};

/** Boots once as nobody disturbs it, and keeps where the short boots begin. @throws Error where the guest does not do all its work */
export async function prepareBoots(guest: Guest): Promise<BootMaterial> {
  let isPaused = false;
  const pauseAt = (fuzzed: FuzzedMachine): void => {
    if (!isPaused && fuzzed.printed.includes(BEFORE_DEVICES)) {
      isPaused = true;
      void fuzzed.machine.pause();
    }
  };
  using fuzzed = await FuzzedMachine.create({ guest, random: new Random(0), mode: "auto", onBreath: pauseAt });
  const untouched = pauseOnFirstAccess(fuzzed);
  await fuzzed.run();
  untouched();
  const board = await fuzzed.machine.snapshot();
  await fuzzed.run();
  const virtio = await fuzzed.machine.snapshot();
  await fuzzed.run();
  if (!fuzzed.printed.includes(WORKED))
    throw new Error(`the guest did not do its work:\n${fuzzed.printed.slice(-2000)}`);
  return { guest, snapshots: { "power-on": undefined, board, virtio } };
}

/** The interrupt controller comes before all other devices: not much of it is set up when the slice is over. @returns takes the step between hart and devices back */
function pauseOnFirstAccess({ machine }: FuzzedMachine): () => void {
  const { bus } = machine.parts.board;
  const devices = { ...bus };
  bus.read = (...access) => {
    void machine.pause();
    return devices.read(...access);
  };
  bus.write = (...access) => {
    void machine.pause();
    return devices.write(...access);
  };
  return () => void Object.assign(bus, devices);
}
