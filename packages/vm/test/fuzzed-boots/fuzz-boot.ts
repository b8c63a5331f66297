import { MMIO } from "../../src/devices/virtio/mmio.ts";
import { STATUS } from "../../src/devices/virtio/transport.ts";
import { VmError } from "../../src/error.ts";
import type { ExecutionMode } from "../../src/processor/processor.ts";
import { Random } from "../../src/testing/random.ts";
import { type DisturbancePlan, drawPlan } from "./disturbance-plan.ts";
import { disturbMachine } from "./disturb-machine.ts";
import { FuzzedMachine } from "./fuzzed-machine.ts";
import { BootWatch } from "./boot-watch.ts";
import { WORKED } from "./guest.ts";
import type { BootMaterial, Start } from "./prepare-boots.ts";

/** What came of a boot. */
export type BootResult = {
  readonly seed: number;
  readonly start: Start;
  readonly mode: ExecutionMode;
  readonly plan: DisturbancePlan;
  /** How the machine ended, and how far the guest had come. */
  readonly ending: string;
  /** What it ran, from its start on. */
  readonly instructions: number;
  /** Virtio devices that a driver of the guest has brought to work, of five. */
  readonly drivers: number;
  /** The longest time between two slices, in ms of the thread's processor time. */
  readonly longestSlice: number;
  /** Where the host was harmed: what was thrown. */
  readonly harm?: string;
  readonly printed: string;
};

/** Most of them in what is quickest to start: a boot is short. */
const MODES: readonly ExecutionMode[] = [
  "interpreter",
  "interpreter",
  "interpreter",
  "auto",
  "auto",
  "block",
  "block",
  "region",
];
/** Seeds between two boots from power-on. */
const FULL_EVERY = 500;
/** Instructions of a boot, at most. The devices are found within 10 million; one boot in a few goes on to use them. */
const LIMITS: Readonly<Record<Start, readonly number[]>> = {
  "power-on": [2e9],
  board: [10e6, 10e6, 10e6, 50e6],
  virtio: [15e6, 15e6, 15e6, 15e6, 15e6, 40e6, 40e6, 120e6],
};
/** Boots once, with what a seed says going wrong. Throws nothing: what the engine throws is in the result. */
export async function fuzzBoot({ guest, snapshots }: BootMaterial, seed: number): Promise<BootResult> {
  const random = new Random(seed);
  const start = drawStart(seed, random);
  const mode = random.pick(MODES);
  const plan = drawPlan(random);
  const snapshot = snapshots[start];
  const watch = new BootWatch(random.pick(LIMITS[start]));
  using fuzzed = await FuzzedMachine.create({
    guest,
    random,
    mode,
    plan,
    onBreath: (machine) => watch.look(machine),
    ...(snapshot === undefined ? {} : { snapshot }),
  });
  watch.begin(fuzzed, disturbMachine(fuzzed, plan, random));
  const outcome = await endOf(fuzzed);
  const { longestSlice } = watch;
  const instructions = watch.instructionsOf(fuzzed);
  return {
    seed,
    start,
    mode,
    plan,
    instructions,
    longestSlice,
    drivers: driversOf(fuzzed),
    printed: fuzzed.printed,
    ...outcome,
  };
}

function drawStart(seed: number, random: Random): Start {
  if (seed % FULL_EVERY === 0) return "power-on";
  return random.chance(25) ? "board" : "virtio";
}

/** The devices themselves are asked: what the guest hears of them on the bus may be something else. */
function driversOf({ machine }: FuzzedMachine): number {
  const { windows } = machine.parts.board.bus;
  return windows.filter(
    ({ device }) => device.name.startsWith("virtio") && (device.read(MMIO.status, 4) & STATUS.driverOk) !== 0,
  ).length;
}

async function endOf(fuzzed: FuzzedMachine): Promise<Pick<BootResult, "ending" | "harm">> {
  try {
    const { kind } = await fuzzed.run();
    return { ending: `${kind}, ${stateOf(fuzzed.printed)}` };
  } catch (error) {
    const cause = error instanceof VmError ? (error.cause ?? error) : error;
    return { ending: "host error", harm: cause instanceof Error ? (cause.stack ?? cause.message) : String(cause) };
  }
}

/** How far the guest came, as its console says. */
function stateOf(printed: string): string {
  if (printed.includes(WORKED)) return "all work done";
  if (printed.includes("Kernel panic")) return "kernel panic";
  if (/Oops|BUG:|Call Trace/.test(printed)) return "kernel complains";
  return "under way";
}
