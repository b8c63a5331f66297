import { deepEqual, equal, match } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { createMemoryDisk } from "../src/disk/memory-disk.ts";
import type { MachineOptions } from "../src/machine/options.ts";
import { assembleText } from "../src/testing/toolchain.ts";
import { ConsoleMachine } from "./guest-shell.ts";

const FIRMWARE = "/usr/lib/riscv64-linux-gnu/opensbi/generic";
const BOOT_LOADER = "/usr/lib/u-boot";

const open = (path: string): Uint8Array => Uint8Array.from(readFileSync(path));

/** Assembly that calls the supervisor binary interface: extension, function, arguments. */
const call = (extension: number, functionId: number, ...args: readonly (string | number)[]): string =>
  [
    ...args.map((value, index) => `li a${index}, ${value}`),
    `li a7, 0x${extension.toString(16)}`,
    `li a6, ${functionId}`,
    "ecall",
  ].join("\n");
const print = (character: string): string => `${call(0x1, 0, character.charCodeAt(0))}\n`;

/**
 * A program in supervisor mode that asks the firmware for what needs machine mode, and prints a letter for each that came: I for OpenSBI's
 * implementation number, M for memory of the firmware that it may not read, S for an interrupt that it sends itself, T for its timer. The
 * firmware's console has no interrupts: nothing is typed.
 */
const PAYLOAD = `
_start: lla     t0, trap
        csrw    stvec, t0
        ${call(0x10, 1)}
        li      t0, 1
        bne     a1, t0, done
        ${print("I")}
        li      s1, 'M'
        li      s2, 5
        li      t0, 0x80000000
        ld      t1, 0(t0)
        li      s1, 'S'
        li      s2, 0x8000000000000001
        csrsi   sie, 2
        csrsi   sstatus, 2
        ${call(0x735049, 0, 1, 0)}
wait1:  beq     s1, zero, next
        wfi
        j       wait1
next:   li      s1, 'T'
        li      s2, 0x8000000000000005
        li      t0, 32
        csrs    sie, t0
        rdtime  a0
        addi    a0, a0, 1000
        li      a7, 0x54494d45
        li      a6, 0
        ecall
wait2:  beq     s1, zero, done
        wfi
        j       wait2
done:   ${call(0x53525354, 0, 0, 0)}
        j       .

        .balign 4
trap:   csrr    t2, scause
        bne     t2, s2, done
        csrw    sie, zero
        mv      a0, s1
        li      a7, 1
        ecall
        li      s1, 0
        csrr    t2, scause
        bltz    t2, back
        csrr    t2, sepc
        addi    t2, t2, 4
        csrw    sepc, t2
back:   csrci   sip, 2
        sret
`;

suite("OpenSBI", () => {
  const kernel = assembleText(PAYLOAD);
  for (const file of ["fw_dynamic.bin", "fw_dynamic.elf", "fw_jump.bin", "fw_jump.elf"])
    test(`serves a program in supervisor mode, and keeps it out of its memory, as ${file}`, async () => {
      await using subject = await ConsoleMachine.start({
        firmware: open(`${FIRMWARE}/${file}`),
        kernel,
        memoryMib: 64,
      });
      const banner = await subject.untilPrinted(/MEDELEG[^\n]*\n/);
      match(banner, /OpenSBI v[0-9]/);
      match(banner, /Platform Name +: Cloister virt/);
      match(banner, /Boot HART PMP Count +: 16/);
      deepEqual(await subject.ended, { kind: "power_off" });
      equal(await subject.untilPrinted(/$/), "IMST");
    });
});

suite("U-Boot", () => {
  const ways: Readonly<Record<string, () => Partial<MachineOptions>>> = {
    "in machine mode": () => ({ firmware: open(`${BOOT_LOADER}/qemu-riscv64/u-boot.bin`) }),
    "in supervisor mode, on OpenSBI": () => ({
      firmware: open(`${FIRMWARE}/fw_dynamic.bin`),
      kernel: open(`${BOOT_LOADER}/qemu-riscv64_smode/u-boot.bin`),
    }),
  };
  for (const [way, images] of Object.entries(ways))
    test(`comes to its prompt ${way}, reads a disk, and gets an address`, async () => {
      const disk = Uint8Array.from({ length: 1024 }, (_, at) => (at < 512 ? 0 : "sector one\n".charCodeAt(at % 11)));
      await using subject = await ConsoleMachine.start({
        ...images(),
        drives: [createMemoryDisk(disk)],
        network: { outbound: { connectTcp: () => Promise.reject(new Error("no way out")), resolve: async () => [] } },
      });
      await subject.untilPrinted(/autoboot/);
      await subject.type(" ");
      await subject.untilPrinted(/=> /);
      await subject.type("virtio scan; virtio read 84000000 1 1; md.b 84000000 8\n");
      match(await subject.untilPrinted(/=> /), /1 blocks read: OK[^]*84000000: ([0-9a-f]{2} ){8}/);
      await subject.type("setenv autoload no; dhcp\n");
      match(await subject.untilPrinted(/=> /), /bound to address 10\.0\.2\.15/);
      await subject.type("poweroff\n");
      deepEqual(await subject.ended, { kind: "power_off" });
    });
});
