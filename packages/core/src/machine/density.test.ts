import { deepEqual, equal, match, ok } from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { DRIVER_APPETITES, type DriverAppetite, machineNeed, roomForMachines } from "./density-room.ts";
import { planDensity } from "./density.ts";

const GIB = 1024;
const { qemu, sandbox, ssh } = DRIVER_APPETITES;

test("machines are as large as the host allows", () => {
  const cases: readonly (readonly [string, [number, number, number], number, DriverAppetite, unknown])[] = [
    ["a small laptop, one machine", [8, 4, 100], 1, qemu, [1, 1, 7040, 4, 20_480]],
    ["a small laptop, eight machines", [8, 4, 100], 8, qemu, [8, 1, 1152, 2, 20_480]],
    ["a small laptop, eight sandboxes", [8, 4, 100], 8, sandbox, [8, 1, 1728, 2, 20_480]],
    ["a server", [256, 64, 2000], 8, qemu, [8, 1, 8192, 4, 20_480]],
    ["a small disk", [64, 16, 12], 8, qemu, [8, 1, 8192, 4, 5120]],
    ["more loops than there is room for", [4, 2, 50], 20, qemu, [7, 3, 512, 1, 20_480]],
    ["few cores", [64, 1, 500], 9, sandbox, [4, 3, 8192, 1, 20_480]],
    ["no room", [1, 8, 500], 2, qemu, [0, 0, 512, 1, 2048]],
    ["machines elsewhere", [2, 1, 10], 4, ssh, [4, 1, 8192, 1, 20_480]],
  ];
  for (const [name, [memory, cpus, disk], loops, appetite, expected] of cases) {
    const plan = planDensity({ memoryMib: memory * GIB, cpus, diskMib: disk * GIB }, loops, appetite);
    const { machines, loopsPerMachine, limits } = plan;
    deepEqual([machines, loopsPerMachine, limits.memoryMib, limits.cpus, limits.diskMib], expected, name);
  }
});

test("a plan warns of what is short", () => {
  const warningsOf = (memory: number, cpus: number, loops: number): string =>
    planDensity({ memoryMib: memory * GIB, cpus, diskMib: 500 * GIB }, loops, qemu).warnings.join("\n");
  equal(warningsOf(64, 16, 2), "");
  match(warningsOf(4, 2, 20), /room for 7 of 20 machines at a time/);
  match(warningsOf(64, 2, 2), /4 cores together, the host 2/);
  match(warningsOf(8, 64, 8), /come to \d+ MiB together, the host has \d+ MiB/);
  match(warningsOf(1, 1, 1), /no room for a machine/);
});

const host = fc.record({
  memoryMib: fc.integer({ min: 0, max: 2 ** 21 }),
  cpus: fc.double({ min: 0.1, max: 256, noNaN: true }),
  diskMib: fc.integer({ min: 0, max: 2 ** 24 }),
});
const appetite = fc.constantFrom(...Object.values(DRIVER_APPETITES), { overheadMib: 50, memoryShare: 1, diskShare: 1 });

test("a plan never sets aside more than there is, no machine may use more than there is, and every loop has a place", () => {
  fc.assert(
    fc.property(host, fc.integer({ min: 1, max: 500 }), appetite, (host, loops, appetite) => {
      const plan = planDensity(host, loops, appetite);
      const room = roomForMachines(host);
      ok(plan.memoryMib <= room.memoryMib && plan.diskMib <= room.diskMib);
      ok(plan.machines <= loops);
      if (plan.machines === 0) return;
      ok(plan.machines * plan.loopsPerMachine >= loops);
      const need = machineNeed(plan.limits, appetite);
      deepEqual([plan.memoryMib, plan.diskMib], [plan.machines * need.memoryMib, plan.machines * need.diskMib]);
      if (appetite.memoryShare > 0) ok(plan.limits.memoryMib + appetite.overheadMib <= room.memoryMib);
      if (appetite.diskShare > 0) ok(plan.limits.diskMib <= room.diskMib);
      ok(plan.limits.memoryMib >= 512 && plan.limits.cpus >= 1 && plan.limits.diskMib >= 2048);
    }),
    { numRuns: 2000 },
  );
});
