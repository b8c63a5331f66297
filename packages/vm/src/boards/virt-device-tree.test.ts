import { deepEqual, equal, match, ok } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { RAM_BASE } from "../memory/layout.ts";
import { writeDeviceTree } from "../device-tree/write-device-tree.ts";
import { type Chosen, createVirtTree } from "./virt-device-tree.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-tree-"));
after(() => rmSync(folder, { recursive: true }));

function run(command: string, ...parameters: readonly string[]): string {
  const { stdout, stderr, status } = spawnSync(command, parameters, { encoding: "utf8", timeout: 30_000 });
  equal(status, 0, stderr);
  return stdout;
}

function writeTree(name: string, chosen: Chosen): string {
  const path = join(folder, name);
  const memory = { base: RAM_BASE, sizeBytes: 256 * 2 ** 20 };
  writeFileSync(path, writeDeviceTree(createVirtTree({ memory, virtioSlots: [0, 1, 2, 3, 4, 5, 6, 7], chosen })));
  return path;
}

const reference = join(folder, "qemu.dtb");
run("qemu-system-riscv64", "-M", `virt,dumpdtb=${reference}`, "-m", "256", "-nographic");
const ours = writeTree("ours.dtb", {});

describe("the virt board's device tree", () => {
  test("has nothing that dtc warns of, but what QEMU's has as well", () => {
    const warnings = (path: string): string[] => {
      const { stderr } = spawnSync("dtc", ["-I", "dtb", "-O", "dtb", "-o", "/dev/null", path], { encoding: "utf8" });
      return stderr.split("\n").map((line) => line.replace(/^[^:]*: /, ""));
    };
    const known = new Set(warnings(reference));
    deepEqual(
      warnings(ours).filter((warning) => !known.has(warning)),
      [],
    );
  });

  const same: Readonly<Record<string, readonly string[]>> = {
    "/": ["#address-cells", "#size-cells", "compatible"],
    "/cpus": ["#address-cells", "#size-cells", "timebase-frequency"],
    "/cpus/cpu@0": ["device_type", "reg", "status", "compatible", "mmu-type", "phandle"],
    "/cpus/cpu@0/interrupt-controller": ["#interrupt-cells", "interrupt-controller", "compatible", "phandle"],
    "/cpus/cpu-map/cluster0/core0": ["cpu"],
    "/memory@80000000": ["device_type", "reg"],
    "/chosen": ["stdout-path"],
    "/soc": ["#address-cells", "#size-cells", "compatible", "ranges"],
    "/soc/test@100000": ["compatible", "reg", "phandle"],
    "/soc/rtc@101000": ["compatible", "reg", "interrupts", "interrupt-parent"],
    "/soc/clint@2000000": ["compatible", "reg", "interrupts-extended"],
    "/soc/plic@c000000": [
      "compatible",
      "reg",
      "interrupts-extended",
      "interrupt-controller",
      "#interrupt-cells",
      "#address-cells",
      "phandle",
    ],
    "/soc/serial@10000000": ["compatible", "reg", "interrupts", "interrupt-parent", "clock-frequency"],
    "/soc/virtio_mmio@10001000": ["compatible", "reg", "interrupts", "interrupt-parent"],
    "/soc/virtio_mmio@10008000": ["compatible", "reg", "interrupts", "interrupt-parent"],
    "/poweroff": ["compatible", "regmap", "offset", "value"],
    "/reboot": ["compatible", "regmap", "offset", "value"],
  };
  for (const [path, properties] of Object.entries(same)) {
    test(`agrees with QEMU's on ${path}`, () => {
      const queries = properties.flatMap((property) => [path, property]);
      equal(run("fdtget", "-t", "bx", ours, ...queries), run("fdtget", "-t", "bx", reference, ...queries));
    });
  }

  test("names the processor's extensions in both ways that kernels read", () => {
    equal(
      run("fdtget", ours, "/cpus/cpu@0", "riscv,isa", "/cpus/cpu@0", "riscv,isa-extensions"),
      "rv64imafdc_zicsr_zifencei_zfh_zba_zbb_zbc_zbs_zicntr_sstc\ni m a f d c zicsr zifencei zfh zba zbb zbc zbs zicntr sstc\n",
    );
  });

  test("has the console as its first serial port", () =>
    equal(run("fdtget", ours, "/aliases", "serial0"), "/soc/serial@10000000\n"));

  test("tells the kernel its command line, its RAM disk and its seed", () => {
    const path = writeTree("chosen.dtb", {
      append: "console=ttyS0 root=/dev/vda",
      initrd: { start: 0x1_8000_0000, end: 0x1_8012_3456 },
      randomSeed: Uint8Array.of(1, 2, 3, 4),
    });
    const properties = ["bootargs", "linux,initrd-start", "linux,initrd-end", "rng-seed"];
    const queries = properties.flatMap((property) => ["/chosen", property]);
    equal(run("fdtget", "-t", "x", path, ...queries.slice(2)), "1 80000000\n1 80123456\n1020304\n");
    match(run("fdtget", path, "/chosen", "bootargs"), /^console=ttyS0 root=\/dev\/vda$/m);
  });

  test("lists the virtio slots that hold a device, and no others", () => {
    const memory = { base: RAM_BASE, sizeBytes: 2 ** 24 };
    const path = join(folder, "slots.dtb");
    writeFileSync(path, writeDeviceTree(createVirtTree({ memory, virtioSlots: [0, 2], chosen: {} })));
    deepEqual(
      run("fdtget", "-l", path, "/soc")
        .split("\n")
        .filter((name) => name.startsWith("virtio")),
      ["virtio_mmio@10001000", "virtio_mmio@10003000"],
    );
  });

  test("is enough for OpenSBI to find everything on QEMU's board, and for a program to power it off", () => {
    const kernel = join(folder, "kernel.bin");
    // lui t0, 0x100; lui t1, 0x5; addi t1, t1, 0x555; sw t1, 0(t0): writes 0x5555 to the syscon.
    writeFileSync(kernel, Uint32Array.of(0x0010_02b7, 0x0000_5337, 0x5553_0313, 0x0062_a023));
    const board = ["-M", "virt", "-m", "256", "-dtb", ours, "-kernel", kernel];
    const text = run("qemu-system-riscv64", ...board, "-nographic", "-nodefaults", "-serial", "stdio");
    const lines = text.split("\n").map((line) => line.replace(/\s+/g, " ").trim());
    for (const expected of [
      "Platform Name : Cloister virt",
      "Platform Timer Device : aclint-mtimer @ 10000000Hz",
      "Platform Console Device : uart8250",
      "Platform IPI Device : aclint-mswi",
      "Platform Reboot Device : sifive_test",
      "Platform Shutdown Device : sifive_test",
    ])
      ok(lines.includes(expected), `${expected} is missing in\n${text}`);
  });
});
