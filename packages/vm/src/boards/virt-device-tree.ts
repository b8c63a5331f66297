import { cells64, type DeviceTreeNode, node, type PropertyValue } from "../device-tree/node.ts";
import { TIMEBASE_HERTZ } from "../devices/aclint/aclint.ts";
import { SOURCE_COUNT } from "../devices/plic/source-set.ts";
import { SYSCON_POWER_OFF, SYSCON_RESET } from "../devices/syscon/syscon.ts";
import { type DeviceWindow, VIRT_INTERRUPTS, VIRT_MAP, virtioWindow } from "./virt-map.ts";

/** What the firmware tells the kernel of how it was started (Devicetree Specification v0.4, section 3.6). */
export type Chosen = {
  /** The kernel's command line. */
  readonly append?: string;
  /** Addresses of the initial RAM disk: its first byte, and the first behind it. */
  readonly initrd?: { readonly start: number; readonly end: number };
  /** Seeds the kernel's random numbers; 32 bytes or more, each start others. */
  readonly randomSeed?: Uint8Array;
};

/** What differs from one board to the next. */
export type VirtTreeOptions = {
  readonly memory: DeviceWindow;
  /** Slots that hold a virtio device. */
  readonly virtioSlots: readonly number[];
  readonly chosen: Chosen;
};

/** Single-letter extensions first, in the order of the RISC-V unprivileged specification, chapter "ISA extension naming". */
const SINGLE_LETTER_EXTENSIONS = ["i", "m", "a", "f", "d", "c"] as const;
const EXTENSIONS = ["zicsr", "zifencei", "zfh", "zba", "zbb", "zbc", "zbs", "zicntr", "sstc"] as const;

const PHANDLE = { cpu: 1, hartInterrupts: 2, plic: 3, syscon: 4 } as const;

/** Interrupts of a hart, by cause (RISC-V privileged specification, table "mcause values"). */
const CAUSE = { machineSoftware: 3, machineTimer: 7, supervisorExternal: 9, machineExternal: 11 } as const;

/** 16550's clock, of which the baud rate is a part: what QEMU's board says; nothing here depends on it. */
const UART_CLOCK_HERTZ = 3_686_400;

const SERIAL_PATH = `/soc/${unit("serial", VIRT_MAP.uart.base)}`;

/** Describes the board to the kernel. Names and values as on QEMU's `virt` board, so that kernels for it find everything. */
export function createVirtTree({ memory, virtioSlots, chosen }: VirtTreeOptions): DeviceTreeNode {
  return node("", { "#address-cells": 2, "#size-cells": 2, compatible: "riscv-virtio", model: "Cloister virt" }, [
    node("aliases", { serial0: SERIAL_PATH }),
    createChosen(chosen),
    createProcessors(),
    node(unit("memory", memory.base), { device_type: "memory", reg: range(memory) }),
    node("soc", { "#address-cells": 2, "#size-cells": 2, compatible: "simple-bus", ranges: true }, [
      ...createPlatformDevices(),
      ...virtioSlots.map(createVirtioSlot),
    ]),
    createPowerCommand("poweroff", SYSCON_POWER_OFF),
    createPowerCommand("reboot", SYSCON_RESET),
  ]);
}

function createChosen({ append, initrd, randomSeed }: Chosen): DeviceTreeNode {
  return node("chosen", {
    "stdout-path": SERIAL_PATH,
    ...(append === undefined ? {} : { bootargs: append }),
    ...(initrd === undefined
      ? {}
      : { "linux,initrd-start": cells64(initrd.start), "linux,initrd-end": cells64(initrd.end) }),
    ...(randomSeed === undefined ? {} : { "rng-seed": randomSeed }),
  });
}

/** @see Linux, Documentation/devicetree/bindings/riscv/cpus.yaml and extensions.yaml */
function createProcessors(): DeviceTreeNode {
  const controller = node("interrupt-controller", {
    "#interrupt-cells": 1,
    "interrupt-controller": true,
    compatible: "riscv,cpu-intc",
    phandle: PHANDLE.hartInterrupts,
  });
  const processor = {
    phandle: PHANDLE.cpu,
    device_type: "cpu",
    reg: 0,
    status: "okay",
    compatible: "riscv",
    "riscv,isa": `rv64${SINGLE_LETTER_EXTENSIONS.join("")}_${EXTENSIONS.join("_")}`,
    "riscv,isa-base": "rv64i",
    "riscv,isa-extensions": [...SINGLE_LETTER_EXTENSIONS, ...EXTENSIONS],
    "mmu-type": "riscv,sv48",
  };
  const topology = node("cpu-map", {}, [node("cluster0", {}, [node("core0", { cpu: PHANDLE.cpu })])]);
  return node("cpus", { "#address-cells": 1, "#size-cells": 0, "timebase-frequency": TIMEBASE_HERTZ }, [
    node("cpu@0", processor, [controller]),
    topology,
  ]);
}

function createPlatformDevices(): DeviceTreeNode[] {
  const { syscon, rtc, aclint, plic, uart } = VIRT_MAP;
  const hart = PHANDLE.hartInterrupts;
  return [
    node(unit("test", syscon.base), {
      phandle: PHANDLE.syscon,
      compatible: ["sifive,test1", "sifive,test0", "syscon"],
      reg: range(syscon),
    }),
    node(unit("rtc", rtc.base), {
      compatible: "google,goldfish-rtc",
      reg: range(rtc),
      ...interrupt(VIRT_INTERRUPTS.rtc),
    }),
    node(unit("clint", aclint.base), {
      compatible: ["sifive,clint0", "riscv,clint0"],
      reg: range(aclint),
      "interrupts-extended": [hart, CAUSE.machineSoftware, hart, CAUSE.machineTimer],
    }),
    node(unit("plic", plic.base), {
      phandle: PHANDLE.plic,
      compatible: ["sifive,plic-1.0.0", "riscv,plic0"],
      reg: range(plic),
      "interrupts-extended": [hart, CAUSE.machineExternal, hart, CAUSE.supervisorExternal],
      "interrupt-controller": true,
      "riscv,ndev": SOURCE_COUNT - 1,
      "#address-cells": 0,
      "#interrupt-cells": 1,
    }),
    node(unit("serial", uart.base), {
      compatible: "ns16550a",
      reg: range(uart),
      "clock-frequency": UART_CLOCK_HERTZ,
      ...interrupt(VIRT_INTERRUPTS.uart),
    }),
  ];
}

function createVirtioSlot(slot: number): DeviceTreeNode {
  const window = virtioWindow(slot);
  const properties = { compatible: "virtio,mmio", reg: range(window), ...interrupt(VIRT_INTERRUPTS.virtio + slot) };
  return node(unit("virtio_mmio", window.base), properties);
}

/** @see Linux, Documentation/devicetree/bindings/power/reset/syscon-poweroff.yaml */
function createPowerCommand(name: "poweroff" | "reboot", value: number): DeviceTreeNode {
  return node(name, { compatible: `syscon-${name}`, regmap: PHANDLE.syscon, offset: 0, value });
}

function unit(name: string, address: number): string {
  return `${name}@${address.toString(16)}`;
}

function range({ base, sizeBytes }: DeviceWindow): readonly number[] {
  return [...cells64(base), ...cells64(sizeBytes)];
}

function interrupt(source: number): Readonly<Record<string, PropertyValue>> {
  return { interrupts: source, "interrupt-parent": PHANDLE.plic };
}
