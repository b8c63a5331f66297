import { createVirtBoard, type VirtBoard } from "../boards/virt.ts";
import { VirtualClock } from "../clock/virtual-clock.ts";
import { LEAVE, RAM_OFFSET, STATE } from "../memory/layout.ts";
import { createPhysicalMemory } from "../memory/physical-memory.ts";
import { type ExecutionMode, Processor } from "../processor/processor.ts";
import { RAM_MEBIBYTES } from "./qemu-machine.ts";

/** How an image is run. */
export type EngineRun = {
  readonly image: Uint8Array;
  readonly mode: ExecutionMode;
  /** Most instructions. */
  readonly limit: number;
  /** Instructions between two looks at clock and interrupts. */
  readonly slice?: number;
  /** Virtual time of one instruction, in ns. */
  readonly instructionNanoseconds?: number;
  /** As for a machine. */
  readonly compileAfter?: number;
};

/** What came of it. */
export type EngineResult = {
  readonly output: Uint8Array;
  readonly instructions: number;
  /** Units that were compiled, by shape. */
  readonly compiled: Processor["compiled"];
};

const MACHINE = 3;
const INTERRUPTS = { machineExternal: 11, supervisorExternal: 9, machineTimer: 7, machineSoftware: 3 } as const;

/** A machine without host: its time is the number of instructions that it ran. */
class EngineMachine {
  readonly #clock = new VirtualClock();
  readonly #memory: WebAssembly.Memory;
  readonly #processor: Processor;
  readonly #board: VirtBoard;
  readonly #output: Uint8Array[] = [];
  #isOff = false;

  constructor({ mode, compileAfter }: Pick<EngineRun, "mode" | "compileAfter">) {
    const sizeBytes = RAM_MEBIBYTES * 2 ** 20;
    const pages = (RAM_OFFSET + sizeBytes) / 2 ** 16;
    this.#memory = new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true });
    const physical = createPhysicalMemory({
      memory: this.#memory,
      sizeBytes,
      onWrite: (page) => this.#processor.drop(page),
    });
    const line = (bit: number): { set: (high: boolean) => void } => ({
      set: (high) => this.#processor.hart.setInterrupt(bit, high),
    });
    this.#board = createVirtBoard({
      memory: physical,
      clock: this.#clock,
      hart: {
        machineExternal: line(INTERRUPTS.machineExternal),
        supervisorExternal: line(INTERRUPTS.supervisorExternal),
        machineTimer: line(INTERRUPTS.machineTimer),
        machineSoftware: line(INTERRUPTS.machineSoftware),
      },
      wallClock: () => 0,
      serial: { transmit: (bytes) => void this.#output.push(bytes.slice()) },
      power: () => (this.#isOff = true),
    });
    this.#processor = new Processor({
      memory: this.#memory,
      physical,
      bus: this.#board.bus,
      clock: this.#clock,
      mode,
      ...(compileAfter === undefined ? {} : { compileAfter }),
    });
  }

  run({ image, limit, slice = 100_000, instructionNanoseconds = 10 }: EngineRun): EngineResult {
    const entry = this.#board.loadBoot({ firmware: image });
    this.#processor.hart.reset({ pc: entry.entry, a0: 0, a1: entry.deviceTree, privilege: MACHINE });
    let instructions = 0;
    let now = 0;
    while (!this.#isOff) {
      if (instructions > limit) throw new Error(`no end within ${limit} instructions: at ${this.#where()}`);
      this.#clock.moveTo(now);
      this.#processor.hart.takeInterrupt();
      const done = this.#processor.run(slice);
      instructions += done.instructions;
      now += done.instructions * instructionNanoseconds;
      if (done.leave === LEAVE.wait) now = this.#waitFrom(now);
    }
    this.#clock.moveTo(now + 1e9);
    return { output: Uint8Array.from(Buffer.concat(this.#output)), instructions, compiled: this.#processor.compiled };
  }

  /** Nothing happens until the next timer. */
  #waitFrom(now: number): number {
    if (this.#processor.hart.interruptPending()) return now;
    const next = this.#clock.next();
    if (next === Infinity) throw new Error(`waits for ever: at ${this.#where()}`);
    return Math.max(now, next);
  }

  #where(): string {
    return new DataView(this.#memory.buffer).getBigUint64(STATE.pc, true).toString(16);
  }
}

/** Runs a bare-metal image from the start of RAM until it powers off. @throws where that does not come within the limit */
export function runInEngine(run: EngineRun): EngineResult {
  return new EngineMachine(run).run(run);
}
