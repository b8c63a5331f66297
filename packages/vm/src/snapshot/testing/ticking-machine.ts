import { CodeCache } from "../../cache/code-cache.ts";
import { numberedPage, straightUnit } from "../../cache/testing/units.ts";
import type { MachineHost } from "../../machine/host.ts";
import { type Machine, type MachineEnd, VirtualMachine } from "../../machine/machine.ts";
import type { MachineOptions } from "../../machine/options.ts";
import { NODE_CODECS } from "../../node/block-codecs.ts";
import type { BlockCodec } from "../codec.ts";
import { readSnapshot } from "../read-snapshot.ts";
import { type SnapshotBytes, toSnapshotFile } from "../snapshot-file.ts";
import { assembleText } from "../../testing/toolchain.ts";

/**
 * Counts up to 40 × 4096 through a table in memory, and prints a digit of a hash of it all at each 4096; a timer interrupt each 100 µs
 * prints a letter, a to z and around. Then it powers off.
 */
const PROGRAM = `
  lla t0, tick
  csrw mtvec, t0
  li s0, 0x10000000
  li s1, 0x2000000
  li s2, 0
  li s3, 0
  li s4, 1
  lla s5, table
  jal t5, arm
  li t0, 0x80
  csrs mie, t0
  csrsi mstatus, 8
count:
  addi s3, s3, 1
  li t0, 0x5851f42d4c957f2d
  slli t1, s3, 3
  slli t1, t1, 49
  srli t1, t1, 49
  add t1, t1, s5
  ld t2, (t1)
  xor s4, s4, t2
  mul s4, s4, t0
  addi s4, s4, 11
  sd s4, (t1)
  slli t1, s3, 52
  bnez t1, count
  srli t0, s4, 60
  addi t0, t0, 48
  csrci mstatus, 8
  sb t0, (s0)
  csrsi mstatus, 8
  li t0, 40 * 4096
  bne s3, t0, count
  li t0, 0x100000
  li t1, 0x5555
  sw t1, (t0)
  j .
arm:
  li t3, 0xbff8
  add t3, t3, s1
  ld t4, (t3)
  addi t4, t4, 1000
  li t3, 0x4000
  add t3, t3, s1
  sd t4, (t3)
  jr t5
.align 2
tick:
  addi t3, s2, 97
  sb t3, (s0)
  addi s2, s2, 1
  li t3, 26
  bne s2, t3, 1f
  li s2, 0
1:jal t5, arm
  mret
.align 3
table:
  .zero 32768
`;

let program: Uint8Array | undefined;

/** The program, assembled once. */
export function tickingProgram(): Uint8Array {
  return (program ??= assembleText(PROGRAM));
}

/** Time is what was run. Two machines that run the same see the same time. */
export class InstructionTime implements MachineHost {
  machine: VirtualMachine | undefined;
  readonly codecs: readonly BlockCodec[] = NODE_CODECS;
  readonly #nanoseconds: number;

  /** @param nanoseconds that an instruction takes */
  constructor(nanoseconds = 10) {
    this.#nanoseconds = nanoseconds;
  }

  now(): number {
    return (this.machine?.stats().instructions ?? 0) * this.#nanoseconds;
  }

  wallClock(): number {
    return 0;
  }

  random(into: Uint8Array): void {
    into.fill(1);
  }

  breathe(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }

  sleep(): Promise<void> {
    return Promise.reject(new Error("the program never waits"));
  }
}

/** Options of a machine that looks for code, and compiles none: its cache knows other code alone. */
export function lookingForCode(): Pick<MachineOptions, "cache" | "compileAfter" | "mode"> {
  const cache = new CodeCache();
  cache.add(straightUnit(numberedPage(), 0, 40));
  return { cache, compileAfter: 65_535, mode: "region" };
}

/** A machine with the program, and what it printed. */
export class TickingMachine {
  readonly machine: VirtualMachine;
  output = "";

  /** A machine that is there already. */
  static of(machine: Machine): TickingMachine {
    return new TickingMachine(machine as VirtualMachine);
  }

  private constructor(machine: VirtualMachine) {
    this.machine = machine;
    machine.console.onData((bytes) => (this.output += Buffer.from(bytes).toString()));
  }

  /** @param snapshot to go on from */
  static async create(
    options: Partial<MachineOptions> = {},
    snapshot?: SnapshotBytes | readonly SnapshotBytes[],
  ): Promise<TickingMachine> {
    const host = options.host instanceof InstructionTime ? options.host : new InstructionTime();
    const all = {
      kernel: tickingProgram(),
      memoryMib: 16,
      sliceInstructions: 1000,
      mode: "interpreter",
      ...options,
      host,
    };
    const state =
      snapshot === undefined ? undefined : await readSnapshot([snapshot].flat().map(toSnapshotFile), NODE_CODECS);
    host.machine = new VirtualMachine(all as MachineOptions, state);
    return new TickingMachine(host.machine);
  }

  /** Runs until it has printed so much, or powers off. */
  async runTo(length: number): Promise<MachineEnd> {
    const stop = this.machine.console.onData(() => {
      if (this.output.length >= length) void this.machine.pause();
    });
    const end = await this.machine.run();
    stop();
    return end;
  }
}
