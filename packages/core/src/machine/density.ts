/** How many machines of which size a host has room for. */
import { type DriverAppetite, type HostRoom, machineNeed, roomForMachines } from "./density-room.ts";
import type { MachineLimits } from "./policy.ts";

/** Machines of an agent with less are of no use. */
const LEAST = { memoryMib: 512, cpus: 1, diskMib: 2048 };
/** Machines that are sized automatically get no more. */
const MOST = { memoryMib: 8192, cpus: 4, diskMib: 20_480 };
/** Cores that machines may have together, for each of the host: agents wait for models most of the time. */
const CPU_OVERCOMMIT = 4;
const MEMORY_STEP_MIB = 64;
const DISK_STEP_MIB = 1024;
const PROCESSES_PER_LOOP = 1024;

/** Machines for a number of loops. */
export type DensityPlan = {
  /** How many machines; 0 where there is no room for one. */
  readonly machines: number;
  /** Loops for each machine, where all are to go on at once. */
  readonly loopsPerMachine: number;
  readonly limits: MachineLimits;
  /** What is set aside for all of them. */
  readonly memoryMib: number;
  readonly diskMib: number;
  /** Sentences. */
  readonly warnings: readonly string[];
};

/**
 * Plans machines for `loops` loops on a host: one each where there is room, else as many as there is room for, with several loops in each.
 * @param host all that it has.
 */
export function planDensity(host: HostRoom, loops: number, appetite: DriverAppetite): DensityPlan {
  const room = roomForMachines(host);
  const machines = Math.min(loops, mostMachines(room, appetite));
  if (machines < 1) return noPlan(room, appetite);
  const loopsPerMachine = Math.ceil(loops / machines);
  const limits = largestLimits(room, machines, appetite);
  const need = machineNeed({ ...limits, processes: 0 }, appetite);
  const plan = {
    machines,
    loopsPerMachine,
    limits: { ...limits, processes: PROCESSES_PER_LOOP * loopsPerMachine },
    memoryMib: machines * need.memoryMib,
    diskMib: machines * need.diskMib,
  };
  return { ...plan, warnings: warningsOf(plan, room, loops) };
}

/** How many of the smallest size there is room for. */
function mostMachines(room: HostRoom, appetite: DriverAppetite): number {
  const least = { ...LEAST, processes: 0 };
  const need = machineNeed(least, appetite);
  if (!fitsAlone(room, least, appetite)) return 0;
  const cores = Math.max(1, Math.floor(room.cpus * CPU_OVERCOMMIT));
  return Math.min(times(room.memoryMib, need.memoryMib), times(room.diskMib, need.diskMib), cores);
}

function times(room: number, need: number): number {
  return need === 0 ? Number.POSITIVE_INFINITY : Math.floor(room / need);
}

/** One machine must be able to use all of its limits. */
function fitsAlone(
  room: HostRoom,
  limits: MachineLimits,
  { overheadMib, memoryShare, diskShare }: DriverAppetite,
): boolean {
  const hasMemory = memoryShare === 0 || limits.memoryMib + overheadMib <= room.memoryMib;
  return hasMemory && (diskShare === 0 || limits.diskMib <= room.diskMib);
}

function largestLimits(
  room: HostRoom,
  machines: number,
  { overheadMib, memoryShare, diskShare }: DriverAppetite,
): Omit<MachineLimits, "processes"> {
  const memory = largest({
    all: room.memoryMib - overheadMib,
    each: Math.floor(room.memoryMib / machines) - overheadMib,
    share: memoryShare,
  });
  const disk = largest({ all: room.diskMib, each: Math.floor(room.diskMib / machines), share: diskShare });
  return {
    memoryMib: Math.max(LEAST.memoryMib, roundDown(Math.min(memory, MOST.memoryMib), MEMORY_STEP_MIB)),
    cpus: coresEach(room.cpus, machines),
    diskMib: Math.max(LEAST.diskMib, roundDown(Math.min(disk, MOST.diskMib), DISK_STEP_MIB)),
  };
}

/** The largest limit of which the share is no more than `each`, and the whole no more than `all`. None where nothing is set aside. */
function largest({
  all,
  each,
  share,
}: {
  readonly all: number;
  readonly each: number;
  readonly share: number;
}): number {
  return share === 0 ? Number.POSITIVE_INFINITY : Math.min(all, each / share);
}

function roundDown(value: number, step: number): number {
  return Math.floor(value / step) * step;
}

function coresEach(cpus: number, machines: number): number {
  return Math.max(LEAST.cpus, Math.floor(Math.min((cpus * CPU_OVERCOMMIT) / machines, cpus, MOST.cpus)));
}

function warningsOf(plan: Omit<DensityPlan, "warnings">, room: HostRoom, loops: number): string[] {
  const { machines, limits } = plan;
  const [cores, memory] = [machines * limits.cpus, machines * limits.memoryMib];
  const warnings = [
    machines < loops &&
      `There is room for ${machines} of ${loops} machines at a time: start that many runs at once, and the others after them.`,
    cores > room.cpus &&
      `The machines have ${cores} cores together, the host ${room.cpus}: they slow each other down when all are at work.`,
    memory > room.memoryMib &&
      `The memory limits come to ${memory} MiB together, the host has ${room.memoryMib} MiB for machines: not all can use all of it at the same time.`,
  ];
  return warnings.filter((warning) => warning !== false);
}

function noPlan(room: HostRoom, { overheadMib }: DriverAppetite): DensityPlan {
  const warning = `There is no room for a machine: the least is ${LEAST.memoryMib + overheadMib} MiB of memory and ${LEAST.diskMib} MiB of disk, the host has ${room.memoryMib} and ${room.diskMib} MiB for machines.`;
  const limits = { ...LEAST, processes: PROCESSES_PER_LOOP };
  return { machines: 0, loopsPerMachine: 0, limits, memoryMib: 0, diskMib: 0, warnings: [warning] };
}
