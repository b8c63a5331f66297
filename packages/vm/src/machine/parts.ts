import type { BootEntry, BootImages } from "../boards/load-boot.ts";
import { createVirtBoard, type HartLines, type VirtBoard } from "../boards/virt.ts";
import { VirtualClock } from "../clock/virtual-clock.ts";
import type { PowerRequest } from "../devices/syscon/syscon.ts";
import { VmError } from "../error.ts";
import type { UnitCompiler } from "../jit/request.ts";
import { RAM_OFFSET } from "../memory/layout.ts";
import { createPhysicalMemory, type GuestMemory } from "../memory/physical-memory.ts";
import { Processor, type ProcessorOptions } from "../processor/processor.ts";
import { PRIVILEGE } from "../riscv/hart/privilege.ts";
import type { SbiServices } from "../riscv/sbi/port.ts";
import type { RestoredState } from "../snapshot/machine-state.ts";
import { UsedPages } from "../snapshot/used-pages.ts";
import { SerialConsole } from "./machine-console.ts";
import { MEMORY_MIB, MIB_BYTES, type MachineOptions } from "./options.ts";
import { createVirtioDevices, type MachineDevices, toBusDevices } from "./virtio-devices.ts";

/**
 * What a machine consists of, for whoever saves and restores all of it. State is in `memory` (the hart's: STATE_BYTES from STATE_OFFSET;
 * RAM: behind RAM_OFFSET), in the devices (`board.bus`) and in `clock`.
 */
export type MachineParts = {
  readonly options: MachineOptions;
  readonly memory: WebAssembly.Memory;
  readonly physical: GuestMemory;
  readonly clock: VirtualClock;
  readonly board: VirtBoard;
  readonly processor: Processor;
  readonly compiler: UnitCompiler | undefined;
  readonly console: SerialConsole;
  readonly devices: MachineDevices;
  /** The pages of RAM that a snapshot has to look at. */
  readonly usedPages: UsedPages;
  /** Does the engine serve SBI, in place of a firmware? */
  readonly supervisorCalls: boolean;
  /** Value of a symbol of the kernel, where that is an ELF program. */
  readonly symbol: BootEntry["symbol"];
};

/** What the parts tell their machine, in the middle of an instruction. */
export type PartsListener = {
  /** The guest asks for power-off or reset. */
  readonly power: (request: PowerRequest) => void;
  /** An interrupt came: a machine that sleeps is to look. */
  readonly interrupted: () => void;
};

const WASM_PAGE_BYTES = 0x1_0000;
const SEED_BYTES = 64;
/** Code of a guest's failure that it gave no number for. */
const UNNAMED_FAILURE = 1;

/** Wires of the hart: bits of mip (Privileged Architecture, section 3.1.9). */
const MIP: Readonly<Record<keyof HartLines, number>> = {
  machineSoftware: 3,
  machineTimer: 7,
  supervisorExternal: 9,
  machineExternal: 11,
};

/**
 * Puts a machine together, loads what it starts with, and powers it on.
 * @param state to go on from instead. Memory is left all zeros then, and the hart without a state: both are to be restored
 * @throws VmError `option_invalid`, `image_invalid`
 */
export function createParts(options: MachineOptions, listener: PartsListener, state?: RestoredState): MachineParts {
  const sizeBytes = (options.memoryMib ?? MEMORY_MIB.usual) * MIB_BYTES;
  const memory = createMemory(sizeBytes, options.shared ?? true);
  const clock = new VirtualClock();
  // Memory and devices are there before the processor, which they interrupt and write under.
  let processor: Processor | undefined;
  const physical = createPhysicalMemory({ memory, sizeBytes, onWrite: (page) => processor?.drop(page) });
  const { board, console, devices } = createBoard(options, listener, {
    memory: physical,
    clock,
    hart: createLines((bit, high) => {
      processor?.hart.setInterrupt(bit, high);
      if (high) listener.interrupted();
    }),
  });
  const entry = state === undefined ? board.loadBoot(bootImages(options)) : undefined;
  const supervisorCalls = state?.supervisorCalls ?? entry?.privilege === "supervisor";
  const compiler = createCompiler(options, memory);
  processor = new Processor({
    memory,
    physical,
    clock,
    bus: board.bus,
    mode: options.mode ?? "auto",
    ...(supervisorCalls ? { sbi: createSbi(console, listener) } : {}),
    ...(compiler === undefined ? {} : { compiler }),
    ...compilation(options),
  });
  if (entry !== undefined) start(processor, entry);
  return {
    options,
    memory,
    physical,
    clock,
    board,
    processor,
    compiler,
    console,
    devices,
    supervisorCalls,
    usedPages: new UsedPages(physical),
    symbol: (name) => entry?.symbol(name),
  };
}

function compilation({
  compileAfter,
  cache,
  host: { native },
}: MachineOptions): Pick<ProcessorOptions, "compileAfter" | "cache" | "native"> {
  return {
    ...(compileAfter === undefined ? {} : { compileAfter }),
    ...(cache === undefined ? {} : { cache }),
    ...(native === undefined ? {} : { native }),
  };
}

/** Powers the machine on again: what it starts with is loaded anew, the rest of memory stays as it is. */
export function restart({ board, processor, options }: MachineParts): void {
  board.bus.reset();
  start(processor, board.loadBoot(bootImages(options)));
}

type Surroundings = { readonly memory: GuestMemory; readonly clock: VirtualClock; readonly hart: HartLines };

function createBoard(
  options: MachineOptions,
  { power }: PartsListener,
  surroundings: Surroundings,
): Pick<MachineParts, "board" | "console" | "devices"> {
  const console = new SerialConsole();
  const { slots, devices } = createVirtioDevices(options, surroundings.clock);
  const board = createVirtBoard({
    ...surroundings,
    wallClock: () => options.host.wallClock(),
    serial: { transmit: console.transmit, drained: console.feed },
    power,
    virtio: toBusDevices(slots),
  });
  console.connect(board.uart);
  if (options.serial !== undefined) console.onData(options.serial.transmit);
  return { board, console, devices };
}

function createLines(set: (bit: number, high: boolean) => void): HartLines {
  const line = (bit: number): HartLines[keyof HartLines] => ({ set: (high) => set(bit, high) });
  return {
    machineSoftware: line(MIP.machineSoftware),
    machineTimer: line(MIP.machineTimer),
    supervisorExternal: line(MIP.supervisorExternal),
    machineExternal: line(MIP.machineExternal),
  };
}

function start({ hart }: Processor, { entry, deviceTree, firmwareInfo, privilege }: BootEntry): void {
  hart.reset({ pc: entry, a0: 0, a1: deviceTree, a2: firmwareInfo, privilege: PRIVILEGE[privilege] });
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

function createCompiler(
  { host, background = true, shared = true, mode }: MachineOptions,
  memory: WebAssembly.Memory,
): UnitCompiler | undefined {
  if (!background || !shared || mode === "interpreter") return undefined;
  return host.createCompiler?.(memory);
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

function createMemory(ramBytes: number, shared: boolean): WebAssembly.Memory {
  const pages = (RAM_OFFSET + ramBytes) / WASM_PAGE_BYTES;
  try {
    return new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  } catch (cause) {
    const mebibytes = (pages * WASM_PAGE_BYTES) / MIB_BYTES;
    throw new VmError("option_invalid", `the host has no ${mebibytes} MiB in one piece: ask for less memory`, {
      cause,
    });
  }
}
