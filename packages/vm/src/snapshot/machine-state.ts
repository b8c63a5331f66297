import type { DeviceState } from "../bus/port.ts";
import { readNested } from "../bus/device-state.ts";
import type { SystemBus } from "../bus/system-bus.ts";
import type { VirtualClock } from "../clock/virtual-clock.ts";
import { MIB_BYTES } from "../machine/options.ts";
import type { CodeCache } from "../cache/code-cache.ts";
import type { PageSource } from "../memory/absent-pages.ts";
import type { GuestMemory } from "../memory/physical-memory.ts";
import type { Processor } from "../processor/processor.ts";
import { checkDrives, type Drives, restoreDrives, saveDrives } from "./drives.ts";
import { invalidSnapshot } from "./format.ts";
import { checkHart, type HartFields, restoreHart, saveHart } from "./hart-fields.ts";
import type { PageRun, UsedPages } from "./used-pages.ts";

/** All that a machine is between two instructions, but for the content of its disks. */
export type MachineState = {
  /** Of RAM. */
  readonly memoryBytes: number;
  /** Does the engine serve SBI, in place of a firmware? */
  readonly supervisorCalls: boolean;
  /** Since power-on, in ns. */
  readonly time: number;
  readonly hart: DeviceState;
  readonly devices: DeviceState;
  readonly drives: readonly DeviceState[];
  readonly pages: readonly PageRun[];
};

/** A state to go on from. */
export type RestoredState = MachineState & {
  /** Names the snapshot that it comes from. Left out: none. */
  readonly id?: Uint8Array;
  /** Has the pages that are not in `pages`, until the machine looks at them. */
  readonly source?: PageSource;
  /** Reads the compiled code that was stored with it. Left out: there is none. */
  readonly readCode?: () => Promise<CodeCache>;
};

/** Which pages a state is to have: all that hold anything; those that changed since the last snapshot; none. */
export type WantedPages = "used" | "changed" | "none";

/** Parts of a machine that its state is in. */
export type StatefulParts = {
  readonly options: Drives;
  readonly memory: WebAssembly.Memory;
  readonly physical: GuestMemory;
  readonly clock: VirtualClock;
  readonly board: { readonly bus: SystemBus };
  readonly processor: Pick<Processor, "hart">;
  readonly usedPages: UsedPages;
  readonly supervisorCalls: boolean;
};

/** Looks at a machine that stands between two slices. The pages are views: they hold until it runs on. */
export function captureState(parts: StatefulParts, wanted: WantedPages = "used"): MachineState {
  const { memory, physical, clock, board, usedPages, supervisorCalls } = parts;
  return {
    memoryBytes: physical.sizeBytes,
    supervisorCalls,
    time: clock.now(),
    devices: board.bus.save(),
    hart: saveHart(memory),
    drives: saveDrives(parts.options),
    pages: wanted === "none" ? [] : wanted === "used" ? usedPages.runs() : usedPages.changedRuns(),
  };
}

/**
 * Checks whether a state is one of a machine that is made of these parts. What devices remember is theirs to check: see `enterState`.
 * @returns the hart's part of it
 * @throws VmError `snapshot_invalid`
 */
export function checkState(parts: StatefulParts, state: MachineState): HartFields {
  checkParts(parts, state);
  return checkHart(state.hart, parts.physical.sizeBytes);
}

/**
 * Puts a machine, which stands between two slices, into a state that was checked.
 * @throws VmError `snapshot_invalid` where a device can't be in such a state. The machine is in none then: power it on anew
 */
export function enterState(parts: StatefulParts, state: RestoredState, hart: HartFields): void {
  const { memory, clock, board, processor, usedPages, options } = parts;
  // The clock before the devices, which ask it for their timers; the hart after them, as they drive its wires.
  clock.restore(state.time);
  usedPages.replace(state.pages, state.source);
  restoreDrives(state.drives, options);
  board.bus.restore(state.devices);
  restoreHart(memory, hart);
  processor.hart.stateRestored();
}

function checkParts({ physical, supervisorCalls, board, options }: StatefulParts, state: MachineState): void {
  if (state.memoryBytes !== physical.sizeBytes)
    throw invalidSnapshot(
      `has ${state.memoryBytes / MIB_BYTES} MiB of memory, the machine ${physical.sizeBytes / MIB_BYTES}`,
      "give it as much",
    );
  if (state.supervisorCalls !== supervisorCalls)
    throw invalidSnapshot(`is of a machine ${supervisorCalls ? "with" : "without"} firmware, this one is not`);
  checkDevices(listDevices(state.devices), listDevices(board.bus.save()));
  checkDrives(state.drives, options);
}

function checkDevices(saved: readonly string[], present: readonly string[]): void {
  const missing = saved.filter((device) => !present.includes(device));
  const added = present.filter((device) => !saved.includes(device));
  if (missing.length + added.length === 0) return;
  const list = (devices: readonly string[]): string => (devices.length === 0 ? "nothing" : devices.join(", "));
  throw invalidSnapshot(
    `is of a machine with other devices: it has ${list(missing)} where the machine has ${list(added)}`,
    "make the machine with the same devices",
  );
}

/** Device numbers of virtio (virtio 1.2, section 5), as people call them. */
const VIRTIO_NAMES: Readonly<Record<number, string>> = {
  0: "empty",
  1: "network card",
  2: "disk",
  3: "console",
  4: "entropy source",
  5: "balloon",
  9: "shared folder",
  19: "socket",
};

function listDevices(devices: DeviceState): readonly string[] {
  return Object.keys(devices).map((name) => {
    const { transport } = readNested(devices, name);
    if (typeof transport !== "object" || !("deviceId" in transport)) return name;
    const { deviceId } = transport;
    const kind = typeof deviceId === "number" ? VIRTIO_NAMES[deviceId] : undefined;
    return `${name} (${kind ?? "a virtio device"})`;
  });
}
