import type { BootEntry, BootImages } from "../boards/load-boot.ts";
import { createVirtBoard, type VirtBoard } from "../boards/virt.ts";
import { VirtualClock } from "../clock/virtual-clock.ts";
import type { PowerRequest } from "../devices/syscon/syscon.ts";
import { VmError } from "../error.ts";
import { RAM_OFFSET } from "../memory/layout.ts";
import { createPhysicalMemory, type GuestMemory } from "../memory/physical-memory.ts";
import type { MemoryDescription } from "../processor/core-module.ts";
import { Processor } from "../processor/processor.ts";
import { PRIVILEGE } from "../riscv/hart/privilege.ts";
import type { SbiServices } from "../riscv/sbi/port.ts";
import { SerialConsole } from "./machine-console.ts";
import { MEMORY_MIB, type MachineOptions } from "./options.ts";
import { createVirtioDevices, type MachineDevices, toBusDevices } from "./virtio-devices.ts";

/**
 * What a machine consists of, for whoever saves and restores all of it. State is in `memory` (the hart's: STATE_BYTES from STATE_OFFSET;
 * RAM: behind RAM_OFFSET), in the devices (`board.bus`) and in `clock`.
 */
export type MachineParts = {
  readonly options: MachineOptions;
  readonly memory: WebAssembly.Memory;
  readonly memoryDescription: MemoryDescription;
  readonly physical: GuestMemory;
  readonly clock: VirtualClock;
  readonly board: VirtBoard;
  readonly processor: Processor;
  readonly console: SerialConsole;
  readonly devices: MachineDevices;
};

/** What the parts tell their machine, in the middle of an instruction. */
export type PartsListener = {
  /** The guest asks for power-off or reset. */
  readonly power: (request: PowerRequest) => void;
  /** An interrupt came: a machine that sleeps is to look. */
  readonly interrupted: () => void;
};

const WASM_PAGE_BYTES = 0x1_0000;
const MIB_BYTES = 0x10_0000;
const SEED_BYTES = 64;
/** Code of a guest's failure that it gave no number for. */
const UNNAMED_FAILURE = 1;

/**
 * Puts a machine together, loads what it starts with, and powers it on.
 * @throws VmError `option_invalid`, `image_invalid`
 */
export function createParts(options: MachineOptions, listener: PartsListener): MachineParts {
  const { host, mode = "auto" } = options;
  const sizeBytes = (options.memoryMib ?? MEMORY_MIB.usual) * MIB_BYTES;
  const memoryDescription = describeMemory(sizeBytes, options.shared ?? true);
  const memory = createMemory(memoryDescription);
  const clock = new VirtualClock();
  // Devices and memory are made before the processor that they interrupt, and write under.
  let processor: Processor | undefined;
  const physical = createPhysicalMemory({ memory, sizeBytes, onWrite: (page) => processor?.drop(page) });
  const line = (bit: number): { readonly set: (high: boolean) => void } => ({
    set(high) {
      processor?.hart.setInterrupt(bit, high);
      if (high) listener.interrupted();
    },
  });
  const console = new SerialConsole();
  const virtio = createVirtioDevices(options);
  const board = createVirtBoard({
    memory: physical,
    clock,
    hart: {
      machineExternal: line(MIP.machineExternal),
      supervisorExternal: line(MIP.supervisorExternal),
      machineTimer: line(MIP.machineTimer),
      machineSoftware: line(MIP.machineSoftware),
    },
    wallClock: () => host.wallClock(),
    serial: { transmit: console.transmit, drained: console.feed },
    power: listener.power,
    virtio: toBusDevices(virtio.slots),
  });
  console.connect(board.uart);
  if (options.serial !== undefined) console.onData(options.serial.transmit);
  const entry = board.loadBoot(bootImages(options));
  const sbi = entry.privilege === "supervisor" ? { sbi: createSbi(console, listener) } : {};
  processor = new Processor({ memory, memoryDescription, physical, bus: board.bus, clock, mode, ...sbi });
  start(processor, entry);
  return { options, memory, memoryDescription, physical, clock, board, processor, console, devices: virtio.devices };
}

/** Wires of the hart: bits of mip (Privileged Architecture, section 3.1.9). */
const MIP = { machineSoftware: 3, machineTimer: 7, supervisorExternal: 9, machineExternal: 11 } as const;

/** Powers the machine on again: what it starts with is loaded anew, the rest of memory stays as it is. */
export function restart({ board, processor, options }: MachineParts): void {
  board.bus.reset();
  start(processor, board.loadBoot(bootImages(options)));
}

function start({ hart }: Processor, { entry, deviceTree, firmwareInfo, privilege }: BootEntry): void {
  hart.reset({
    pc: entry,
    a0: 0,
    a1: deviceTree,
    a2: firmwareInfo,
    privilege: privilege === "machine" ? PRIVILEGE.machine : PRIVILEGE.supervisor,
  });
}

function bootImages({ kernel, initrd, append, firmware, host }: MachineOptions): BootImages {
  const randomSeed = new Uint8Array(SEED_BYTES);
  host.random(randomSeed);
  return {
    randomSeed,
    ...(kernel === undefined ? {} : { kernel }),
    ...(initrd === undefined ? {} : { initrd }),
    ...(append === undefined ? {} : { append }),
    ...(firmware === undefined ? {} : { firmware }),
  };
}

function createSbi(console: SerialConsole, { power }: PartsListener): SbiServices {
  return {
    write: (bytes) => console.print(bytes),
    read: (into) => console.read(into),
    reset(kind, isFailure) {
      if (isFailure) power({ kind: "fail", code: UNNAMED_FAILURE });
      else power({ kind: kind === "shutdown" ? "power_off" : "reset" });
    },
  };
}

function describeMemory(ramBytes: number, shared: boolean): MemoryDescription {
  const pages = (RAM_OFFSET + ramBytes) / WASM_PAGE_BYTES;
  return { pages, maximum: pages, shared };
}

function createMemory({ pages, maximum, shared }: MemoryDescription): WebAssembly.Memory {
  try {
    return new WebAssembly.Memory({ initial: pages, maximum, shared });
  } catch (cause) {
    const mebibytes = (pages * WASM_PAGE_BYTES) / MIB_BYTES;
    throw new VmError(
      "option_invalid",
      `the host gives no ${mebibytes} MiB in one piece: choose less memory for the machine`,
      { cause },
    );
  }
}
