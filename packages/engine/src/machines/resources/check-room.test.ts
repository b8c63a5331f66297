import { deepEqual, equal, match, ok, throws } from "node:assert/strict";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { CloisterError, type MachineLimits } from "@cloister/core";
import { checkRoom, type HostResources, readHostResources, type SizedMachine } from "./index.ts";

const room = { memoryMib: 16_384, cpus: 4, diskMib: 100_000 };
const HOST: HostResources = { total: room, free: { ...room, memoryMib: 12_000 } };
const machine = (driver: SizedMachine["driver"], limits: Partial<MachineLimits> = {}): SizedMachine => ({
  driver,
  limits: { memoryMib: 2048, cpus: 1, diskMib: 10_240, processes: 100, ...limits },
});
const several = (count: number, driver: SizedMachine["driver"]): SizedMachine[] =>
  Array.from({ length: count }, () => machine(driver));

test("there is room for machines until what is set aside for them comes to what the host has", () => {
  // 14,745 MiB for machines: 96 + 1366 are set aside for a virtual machine of 2048 MiB, 16 + 1024 for a sandbox.
  for (const [driver, most] of [
    ["qemu", 10],
    ["sandbox", 14],
    ["ssh", 500],
  ] as const) {
    const others = several(most - 1, driver);
    ok(checkRoom(machine(driver), HOST, others).length <= 1);
    if (driver !== "ssh")
      throws(() => checkRoom(machine(driver), HOST, [...others, machine(driver)]), /set aside for \d+ others/);
  }
});

test("what is short is said with figures and a remedy", () => {
  const cases: readonly (readonly [string, SizedMachine, HostResources, RegExp])[] = [
    [
      "no machine of this size at all",
      machine("qemu", { memoryMib: 15_000 }),
      HOST,
      /Expected 15096 MiB of memory.*14745 MiB for all machines.*--memory/,
    ],
    [
      "others use the memory",
      machine("qemu"),
      { total: room, free: { ...room, memoryMib: 1000 } },
      /Expected 1462 MiB of memory.*1000 MiB free/,
    ],
    [
      "the disk is full",
      machine("qemu"),
      { total: { ...room, diskMib: 4000 }, free: room },
      /Expected 2560 MiB of disk.*1952 MiB to spare.*--disk/,
    ],
  ];
  for (const [name, wanted, host, words] of cases) {
    throws(
      () => checkRoom(wanted, host, []),
      (error) => {
        ok(CloisterError.isInstance(error), name);
        equal(error.code, "resources_short");
        match(error.describe(), words, name);
        return true;
      },
    );
  }
});

test("more cores than the host has are a warning", () => {
  deepEqual(checkRoom(machine("qemu"), HOST, several(3, "qemu")), []);
  match(checkRoom(machine("qemu"), HOST, several(4, "qemu")).join(), /5 cores together, the host 4/);
  deepEqual(checkRoom(machine("ssh"), HOST, several(4, "qemu")), []);
});

test("the host has memory, cores and disk, also where the folder of machines is not there yet", () => {
  const { total, free } = readHostResources(join(tmpdir(), "not", "there", "yet"));
  const mib = 1024 * 1024;
  ok(total.memoryMib > 100 && total.memoryMib <= totalmem() / mib, `${total.memoryMib}`);
  ok(free.memoryMib > 0 && free.memoryMib <= total.memoryMib, `${free.memoryMib}`);
  equal(total.cpus, availableParallelism());
  equal(total.diskMib, readHostResources(tmpdir()).total.diskMib);
});
