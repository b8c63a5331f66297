import { VIRT_INTERRUPTS, VIRTIO_SLOTS } from "../../src/boards/virt-map.ts";
import type { Random } from "../../src/testing/random.ts";
import { disturbBus } from "./disturbed-bus.ts";
import { DisturbedRings } from "./disturbed-rings.ts";
import { anyBytes, awkwardWord, type DisturbancePlan, happens } from "./disturbance-plan.ts";
import type { FuzzedMachine } from "./fuzzed-machine.ts";

/** Wires of the interrupt controller that have a device, and one that has none. */
const LINES = [...Array(VIRTIO_SLOTS).keys()].map((slot) => VIRT_INTERRUPTS.virtio + slot);
const ALL_LINES = [...LINES, VIRT_INTERRUPTS.uart, VIRT_INTERRUPTS.rtc, 77];
/** Interrupts that come straight to the hart: bits of mip. */
const HART_LINES = [3, 7, 9, 11] as const;
const LONGEST_JUMP_NS = 10e9;

/**
 * Begins to disturb a machine: its bus at once.
 * @returns does what else is due; to be called between slices
 */
export function disturbMachine(fuzzed: FuzzedMachine, plan: DisturbancePlan, random: Random): () => void {
  const { parts } = fuzzed.machine;
  const rings = new DisturbedRings(parts.physical, random);
  disturbBus(parts.board.bus, { plan, random, rings });
  const isTyping = { now: false };
  return () => {
    if (happens(random, plan.interrupts)) disturbLines(fuzzed, random);
    if (happens(random, plan.input)) disturbInput(fuzzed, random, isTyping);
    if (happens(random, plan.time)) fuzzed.host.skip(random.below(LONGEST_JUMP_NS));
    if (happens(random, plan.memory)) rings.disturbMemory();
  };
}

function disturbLines({ machine }: FuzzedMachine, random: Random): void {
  const { board, processor } = machine.parts;
  for (let count = random.between(1, 6); count > 0; count--) {
    if (random.chance(80)) board.plic.line(random.pick(ALL_LINES)).set(random.chance(50));
    else processor.hart.setInterrupt(random.pick(HART_LINES), random.chance(50));
  }
}

/** What a host may do at any time. */
function disturbInput({ machine, link }: FuzzedMachine, random: Random, isTyping: { now: boolean }): void {
  const { devices, console } = machine;
  const port = machine.port(random.pick(["console", "agent"]));
  const type = async (): Promise<void> => {
    if (isTyping.now) return; // What a guest that never reads has not taken must not pile up.
    isTyping.now = true;
    await console.write(anyBytes(random, random.between(1, 300)));
    isTyping.now = false;
  };
  const choices: readonly (() => unknown)[] = [
    type,
    () => link.receive(anyBytes(random, random.below(1600))),
    () => port?.send(anyBytes(random, random.below(5000))),
    () => port?.setHostOpen(random.chance(50)),
    () => devices.console?.resize(random.below(70_000), random.below(300)),
    () => devices.balloon?.setTarget(awkwardWord(random)),
    () => devices.balloon?.requestStatistics(),
  ];
  random.pick(choices)();
}
