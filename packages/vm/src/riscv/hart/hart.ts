import type { Clock } from "../../bus/port.ts";
import type { SystemBus } from "../../bus/system-bus.ts";
import { MODE, STATE, STATE_BYTES, STATE_OFFSET } from "../../memory/layout.ts";
import type { GuestMemory } from "../../memory/physical-memory.ts";
import type { SbiServices } from "../sbi/port.ts";
import { createSupervisorInterface } from "../sbi/supervisor-interface.ts";
import { AddressSpace } from "./address-space.ts";
import { Counters } from "./counters.ts";
import { CsrReader } from "./csr-reader.ts";
import { MISA } from "./csr-table.ts";
import { CsrWriter } from "./csr-writer.ts";
import { FetchUnit } from "./fetch-unit.ts";
import { HartState } from "./hart-state.ts";
import { InterruptUnit } from "./interrupts.ts";
import { LookasideBuffers } from "./lookaside-buffers.ts";
import { MemoryUnit } from "./memory-unit.ts";
import { PageWalker } from "./page-walker.ts";
import { PhysicalProtection } from "./physical-protection.ts";
import type { CodePages, HartHelpers } from "./port.ts";
import { STATUS, STATUS_HIGH, type Privilege } from "./privilege.ts";
import { prepareForSupervisor } from "./prepare-for-supervisor.ts";
import { SystemUnit } from "./system-unit.ts";
import { TranslationFence } from "./translation-fence.ts";
import { modeOf, TrapUnit } from "./trap.ts";

/** What a hart is made of. */
export type HartOptions = {
  /** The engine's memory (memory/layout.ts). It must not grow afterwards. */
  readonly memory: WebAssembly.Memory;
  readonly physical: GuestMemory;
  readonly bus: Pick<SystemBus, "read" | "write">;
  readonly code: CodePages;
  readonly clock: Clock;
  /** @see HartHelpers.float */
  readonly float: (operation: number) => number;
  /** Where there is no firmware: what its supervisor's calls reach. */
  readonly sbi?: SbiServices;
};

/** What a hart starts with. Addresses are below 2^53. */
export type HartStart = {
  readonly pc: number;
  /** By convention the hart's number, the address of the device tree, and what a firmware is told about the next stage. */
  readonly a0: number;
  readonly a1: number;
  readonly a2?: number;
  readonly privilege: Privilege;
};

/**
 * A RISC-V hart, without the engine that runs its code: RV64 with M, S and U mode, Sv39, Sv48, PMP, Sstc
 * (Privileged Architecture 1.12). Where that leaves a choice, it does as QEMU's `virt` does.
 */
export interface Hart extends HartHelpers {
  /** As `load`, for LR: aligned, and from RAM alone. */
  loadReserved(size: number): number;
  /** Reads 16 bits of code at STATE.address. @returns them; −1 after a trap of the instruction at STATE.pc */
  fetchParcel(): number;
  /** Code of a page of RAM is going to be remembered: writes to it have to be noticed. `fetch` does that by itself. */
  watchCode(page: number): void;
  /** Dirty pages are counted anew: the first write to each page has to be noticed. */
  watchWrites(): void;
  /** Power-on: clears the state, and sets where to begin. */
  reset(start: HartStart): void;
  /** STATE was written from outside: follows it. */
  stateRestored(): void;
  /** Sets a wire. @param bit of mip: MSIP 3, MTIP 7, MEIP 11, SSIP 1, STIP 5, SEIP 9 */
  setInterrupt(bit: number, high: boolean): void;
  /** Enters the trap of an interrupt that may be taken now. To be called between slices. @returns false where there is none */
  takeInterrupt(): boolean;
  /** Is there an interrupt that ends WFI? */
  interruptPending(): boolean;
  /** Forgets all translations. */
  flushTranslations(): void;
  /** Time of the next timer interrupt of the supervisor, in ticks of 100 ns; Infinity where there is none. */
  nextTimer(): number;
  /** Sets STATE.mode, floatEnabled and floatFast from privilege, mstatus and fcsr. */
  recomputeMode(): void;
}

/** Accrued inexact, in fflags. */
const INEXACT = 1;
const HALF = 0x1_0000_0000;
const FIRST_ARGUMENT = 10;

/** Makes a hart. It has to be reset, or its state restored, before it runs. */
export function createHart(options: HartOptions): Hart {
  const state = new HartState(options.memory);
  const regime = createRegime(state);
  const traps = new TrapUnit(state, { privilegeChanged: regime.recompute });
  const translation = createTranslation(options, state, traps);
  const { protection, buffers, space, fence } = translation;
  regime.onModified(() => buffers.flushModified());
  const interrupts = new InterruptUnit({ state, traps, clock: options.clock });
  const memory = new MemoryUnit({ state, space, traps, bus: options.bus });
  const fetcher = new FetchUnit({ state, space });
  const system = createSystem(options, {
    state,
    traps,
    interrupts,
    fetcher,
    ...translation,
    onStatus: regime.recompute,
  });
  const follow = (): void => {
    protection.compile();
    buffers.flushAll();
    fence.all();
    space.watchAll();
    regime.recompute();
    interrupts.updateTimer();
    fetcher.stateRestored();
  };
  return {
    load: (size) => memory.load(size),
    loadReserved: (size) => memory.loadReserved(size),
    atomic: (size) => memory.atomic(size),
    store: (size) => memory.store(size),
    system: (operation, argument) => system.run(operation, argument),
    float(operation) {
      if (options.float(operation) === 0) return system.illegal();
      regime.updateFloat();
      return 1;
    },
    fetch: () => fetcher.fetch(),
    fetchParcel: () => fetcher.parcel(),
    watchCode: (page) => space.watch(page),
    watchWrites: () => space.watchAll(),
    reset(start) {
      clearState(state, start);
      if (options.sbi !== undefined) prepareForSupervisor(state);
      follow();
    },
    stateRestored: follow,
    setInterrupt: (bit, high) => interrupts.set(bit, high),
    takeInterrupt: () => interrupts.take(),
    interruptPending: () => interrupts.isPending(),
    flushTranslations: () => fence.all(),
    nextTimer: () => interrupts.nextTimer(),
    recomputeMode: regime.recompute,
  };
}

type Translation = {
  readonly protection: PhysicalProtection;
  readonly buffers: LookasideBuffers;
  readonly space: AddressSpace;
  readonly fence: TranslationFence;
};

function createTranslation({ physical, code }: HartOptions, state: HartState, traps: TrapUnit): Translation {
  const protection = new PhysicalProtection(state);
  const buffers = new LookasideBuffers(state);
  const walker = new PageWalker({
    state,
    protection,
    ramBytes: physical.sizeBytes,
    onRead: (page) => physical.touch(page),
    onWrite: (page) => space.prepareWrite(page),
  });
  const space = new AddressSpace({ state, walker, protection, buffers, traps, code, physical });
  const fence = new TranslationFence({ state, buffers, code });
  return { protection, buffers, space, fence };
}

type SystemParts = Translation & {
  readonly state: HartState;
  readonly traps: TrapUnit;
  readonly interrupts: InterruptUnit;
  readonly fetcher: FetchUnit;
  readonly onStatus: () => void;
};

function createSystem({ sbi, physical }: HartOptions, parts: SystemParts): SystemUnit {
  const { state, interrupts, protection, buffers, fence, onStatus } = parts;
  const counters = new Counters(state);
  const reader = new CsrReader({ state, interrupts, counters });
  const writer = new CsrWriter({
    state,
    reader,
    interrupts,
    protection,
    buffers,
    counters,
    onStatus,
    onMapping: () => fence.all(),
    onSpace: () => fence.space(),
  });
  const serve = sbi && createSupervisorInterface({ state, services: sbi, physical, interrupts, fence });
  return new SystemUnit({ ...parts, reader, writer, serve });
}

type Regime = {
  readonly recompute: () => void;
  readonly updateFloat: () => void;
  /** Sets what is called when machine mode's data accesses happen as in another mode than last time. */
  readonly onModified: (changed: () => void) => void;
};

/** Keeps the fields that generated code looks at in step with those that the guest sees. */
function createRegime(state: HartState): Regime {
  let modified = -1;
  let modifiedChanged = (): void => undefined;
  const updateFloat = (): void => {
    const isFast = state.int(STATE.floatRounding) === 0 && (state.int(STATE.floatFlags) & INEXACT) !== 0;
    state.setInt(STATE.floatFast, isFast ? 1 : 0);
  };
  const recompute = (): void => {
    const status = state.int(STATE.mstatus);
    const mode = modeOf(state.int(STATE.privilege), status);
    state.setInt(STATE.mode, mode);
    state.setInt(STATE.floatEnabled, (status & STATUS.fs) === STATUS.fs ? 1 : 0);
    updateFloat();
    if (mode !== MODE.modified || modified === (status & (STATUS.mpp | STATUS.sum))) return;
    modified = status & (STATUS.mpp | STATUS.sum);
    modifiedChanged();
  };
  return {
    recompute,
    updateFloat,
    onModified: (changed) => {
      modifiedChanged = changed;
    },
  };
}

function clearState(state: HartState, { pc, a0, a1, a2 = 0, privilege }: HartStart): void {
  new Uint8Array(state.view.buffer, STATE_OFFSET, STATE_BYTES).fill(0);
  state.set(STATE.misa, MISA.low, MISA.high);
  state.set(STATE.mstatus, 0, STATUS_HIGH);
  state.setInt(STATE.privilege, privilege);
  state.set(STATE.pc, pc, Math.floor(pc / HALF));
  for (const [index, value] of [a0, a1, a2].entries())
    state.setRegister(FIRST_ARGUMENT + index, value, Math.floor(value / HALF));
}
