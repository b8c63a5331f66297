import type { FrameLink } from "../../src/bus/port.ts";
import { createMachine } from "../../src/machine/create-machine.ts";
import { type MachineEnd, VirtualMachine } from "../../src/machine/machine.ts";
import { STATE } from "../../src/memory/layout.ts";
import type { ExecutionMode } from "../../src/processor/processor.ts";
import type { Random } from "../../src/testing/random.ts";
import { CountedHost } from "./counted-host.ts";
import { type DisturbancePlan, QUIET } from "./disturbance-plan.ts";
import { createFaultyDisk } from "./faulty-disk.ts";
import { BOOT_WORDS, type Guest, openGuestDisk } from "./guest.ts";

/** How a machine of the tests is made. */
export type FuzzedMachineOptions = {
  readonly guest: Guest;
  readonly random: Random;
  readonly mode: ExecutionMode;
  /** What goes wrong with its disk; nothing where left out. */
  readonly plan?: DisturbancePlan;
  /** Goes on from there. */
  readonly snapshot?: Uint8Array;
  /** Called between slices, every 100,000 instructions or more often. */
  readonly onBreath: (machine: FuzzedMachine) => void;
};

const MEMORY_MIB = 128;
const SLICE_INSTRUCTIONS = 20_000;

/** Earlier than machines do otherwise: these run for seconds. */
const COMPILE_AFTER = 400;

/** A machine with one of every device, whose time is the number of its instructions: a seed gives the same run again. */
export class FuzzedMachine {
  readonly machine: VirtualMachine;
  readonly host: CountedHost;
  readonly link: FrameLink;
  /** How often it had nothing to do. */
  sleeps = 0;
  #printed = "";

  private constructor(machine: VirtualMachine, host: CountedHost, link: FrameLink) {
    this.machine = machine;
    this.host = host;
    this.link = link;
    machine.console.onData((bytes) => (this.#printed += Buffer.from(bytes).toString("latin1")));
  }

  static async create(options: FuzzedMachineOptions): Promise<FuzzedMachine> {
    const { guest, random, mode, plan = QUIET, snapshot, onBreath } = options;
    let made: FuzzedMachine | undefined;
    const breathe = (): void => {
      if (made !== undefined) onBreath(made);
    };
    const host = new CountedHost({
      random,
      instructions: () => made?.instructions ?? 0,
      onBreath: breathe,
      onSleep: () => {
        if (made !== undefined) made.sleeps++;
        breathe();
      },
    });
    // What the guest sends comes back to it.
    const link: FrameLink = { send: (frame) => link.receive(frame), receive: () => undefined };
    const machine = await createMachine({
      host,
      mode,
      compileAfter: COMPILE_AFTER,
      kernel: guest.kernel,
      initrd: guest.initrd,
      append: BOOT_WORDS,
      memoryMib: MEMORY_MIB,
      sliceInstructions: SLICE_INSTRUCTIONS,
      drives: [createFaultyDisk(openGuestDisk(guest), plan, random)],
      network: { link },
      consolePorts: ["console", "agent"],
      balloon: true,
      noReboot: true,
      ...(snapshot === undefined ? {} : { snapshot }),
    });
    if (!(machine instanceof VirtualMachine)) throw new TypeError("expected a machine whose parts can be reached");
    made = new FuzzedMachine(machine, host, link);
    return made;
  }

  /** Since power-on. */
  get instructions(): number {
    const view = new DataView(this.machine.parts.memory.buffer);
    return view.getUint32(STATE.instret + 4, true) * 2 ** 32 + view.getUint32(STATE.instret, true);
  }

  /** What the guest has printed on its serial port. */
  get printed(): string {
    return this.#printed;
  }

  run(): Promise<MachineEnd> {
    return this.machine.run();
  }

  [Symbol.dispose](): void {
    this.machine.close();
  }
}
