import { deepEqual, equal } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { describe, test } from "node:test";
import { createManualClock, createWire } from "../bus/testing/parts.ts";
import { RAM_OFFSET } from "../memory/layout.ts";
import { createPhysicalMemory } from "../memory/physical-memory.ts";
import { createVirtBoard } from "./virt.ts";

/** An access: letter of its width, address, and the value where it writes. */
type Access = readonly ["b" | "l" | "q", number, number?];

const SIZES = { b: 1, l: 4, q: 8 } as const;
const SYSCON = 0x10_0000;
const RTC = 0x10_1000;
const ACLINT = 0x200_0000;
const PLIC = 0xc00_0000;
const UART = 0x1000_0000;
const VIRTIO = 0x1000_1000;

const engine = new WebAssembly.Memory({ initial: RAM_OFFSET / 65_536 + 16, maximum: 2000, shared: true });

/** What QEMU's own devices answer to the reads, over its test protocol. */
function askQemu(accesses: readonly Access[]): bigint[] {
  const commands = accesses.map(([width, address, value]) =>
    value === undefined ? `read${width} 0x${address.toString(16)}` : `write${width} 0x${address.toString(16)} ${value}`,
  );
  const input = [...commands, `writel 0x${SYSCON.toString(16)} 0x5555`, ""].join("\n");
  const options = ["-M", "virt", "-bios", "none", "-S", "-qtest", "stdio", "-display", "none", "-serial", "null"];
  const { stdout, stderr, status } = spawnSync("qemu-system-riscv64", options, {
    input,
    encoding: "utf8",
    timeout: 20_000,
  });
  equal(status, 0, stderr);
  return [...stdout.matchAll(/^OK (0x[0-9a-f]+)$/gm)].map(([, value = ""]) => BigInt(value));
}

function askBoard(accesses: readonly Access[]): bigint[] {
  const [clock, wire] = [createManualClock(), createWire()];
  const { bus } = createVirtBoard({
    memory: createPhysicalMemory({ memory: engine, sizeBytes: 2 ** 20, onWrite: () => {} }),
    clock,
    hart: { machineExternal: wire, supervisorExternal: wire, machineTimer: wire, machineSoftware: wire },
    wallClock: () => 0,
    serial: { transmit: () => {} },
    power: () => {},
  });
  const view = new DataView(new ArrayBuffer(8));
  return accesses.flatMap(([width, address, value]) => {
    view.setBigUint64(0, BigInt(value ?? 0), true);
    const size = SIZES[width];
    equal(value === undefined ? bus.read(address, size, view, 0) : bus.write(address, size, view, 0), true);
    return value === undefined ? [view.getBigUint64(0, true)] : [];
  });
}

const uart = (register: number, value?: number): Access =>
  value === undefined ? ["b", UART + register] : ["b", UART + register, value];

const cases: Readonly<Record<string, readonly Access[]>> = {
  "priorities, enables and thresholds of the PLIC": [
    ...[4, 40, 380].flatMap((offset): Access[] => [
      ["l", PLIC + offset, 0xffff_ffff],
      ["l", PLIC + offset],
    ]),
    ...[0x2004, 0x2008, 0x2080, 0x2084, 0x208c].flatMap((offset): Access[] => [
      ["l", PLIC + offset, 0xffff_fffe],
      ["l", PLIC + offset],
    ]),
    ["l", PLIC + 0x20_0000, 0x1e],
    ["l", PLIC + 0x20_0000],
    ["l", PLIC + 0x20_1000],
  ],
  "an interrupt's way from the UART to a claim and its completion": [
    ["l", PLIC + 40, 3],
    ["l", PLIC + 0x2080, 1 << 10],
    uart(1, 2),
    ["l", PLIC + 0x1000],
    ["l", PLIC + 0x20_0004],
    ["l", PLIC + 0x20_1004],
    ["l", PLIC + 0x1000],
    ["l", PLIC + 0x20_1004],
    uart(2),
    ["l", PLIC + 0x20_1004, 10],
    ["l", PLIC + 0x1000],
    ["l", PLIC + 0x20_1004],
  ],
  // But modem control: there QEMU has OUT2 on, as PCs need it; the data sheet says 0.
  "the UART after power-on": [1, 2, 5, 6, 7].map((register) => uart(register)),
  "the UART's divisor, scratch and line control": [
    uart(3, 0x83),
    uart(0, 0x12),
    uart(1, 0x34),
    uart(0),
    uart(1),
    uart(3),
    uart(3, 3),
    uart(1),
    uart(7, 0xa5),
    uart(7),
  ],
  "the UART's interrupt enable, identification and FIFO bits": [
    uart(1, 0xff),
    uart(1),
    uart(2),
    uart(2),
    uart(1, 0),
    uart(1, 2),
    uart(2),
    uart(2),
    uart(1, 0),
    uart(2, 0xc1),
    uart(2),
    uart(2, 0),
    uart(2),
  ],
  "the UART's loopback": [
    uart(4, 0x1a),
    uart(6),
    uart(4),
    uart(0, 0x5a),
    uart(5),
    uart(0),
    uart(5),
    uart(4, 0x15),
    uart(6),
  ],
  "software interrupt and comparison of the CLINT": [
    ["l", ACLINT],
    ["l", ACLINT, 0xffff_ffff],
    ["l", ACLINT],
    ["q", ACLINT + 0x4000, 0x12_3456_789a],
    ["q", ACLINT + 0x4000],
    ["l", ACLINT + 0x4004],
    ["l", ACLINT + 0x4000, 7],
    ["q", ACLINT + 0x4000],
  ],
  "empty virtio slots, after writes, too": [1, 4, 8].flatMap((slot): Access[] => {
    const base = VIRTIO + (slot - 1) * 0x1000;
    const [magic, deviceId, status, config] = [base, base + 0x08, base + 0x70, base + 0x100];
    return [
      ["l", magic],
      ["l", deviceId],
      ["l", status, 0xf],
      ["l", status],
      ["l", base + 0x34],
      ["b", config],
    ];
  }),
  "the alarm of the RTC": [
    ["l", RTC + 0x0c, 0x7fff_ffff],
    ["l", RTC + 0x08, 0x1234],
    ["l", RTC + 0x08],
    ["l", RTC + 0x0c],
    ["l", RTC + 0x18],
    ["l", RTC + 0x14, 1],
    ["l", RTC + 0x18],
    ["l", RTC + 0x10, 0xff],
    ["l", RTC + 0x10],
    ["l", RTC + 0x20],
  ],
};

/** Answers without the changes of modem lines: in loopback QEMU reports none, while the data sheet wants them. */
function comparable(answers: readonly bigint[], accesses: readonly Access[]): bigint[] {
  const reads = accesses.filter(([, , value]) => value === undefined);
  equal(answers.length, reads.length);
  return answers.map((answer, index) => (reads[index]?.[1] === UART + 6 ? answer & 0xf0n : answer));
}

describe("QEMU's virt board answers as this one about", () => {
  for (const [what, accesses] of Object.entries(cases)) {
    test(what, () => {
      deepEqual(comparable(askBoard(accesses), accesses), comparable(askQemu(accesses), accesses));
    });
  }
});
