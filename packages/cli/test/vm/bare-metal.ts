import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Assembles a program for the start of RAM. @returns its file */
export function assemble(folder: string, name: string, text: string): string {
  const [source, program] = [join(folder, `${name}.S`), join(folder, name)];
  writeFileSync(source, `.option norelax\n.globl _start\n.text\n_start: li s0, 0x10000000\n li s1, 0x100000\n${text}`);
  const place = "-Wl,-Ttext=0x80000000,--omagic,--no-warn-rwx-segments";
  const options = ["-nostdlib", "-static", "-march=rv64gc", "-mabi=lp64d", place];
  execFileSync("riscv64-unknown-elf-gcc", [...options, source, "-o", program], { timeout: 30_000 });
  return program;
}

/** Assembly that prints a character; that ends the program well; that ends it with failure 3. */
export const PRINT = (character: string): string => `li t0, ${character.charCodeAt(0)}\n sb t0, (s0)\n`;
export const POWER_OFF = "li t0, 0x5555\n sw t0, (s1)\n 1: j 1b\n";
export const FAIL = "li t0, 0x33333\n sw t0, (s1)\n 1: j 1b\n";

/** Assembly that prints a character for each virtio slot: `0`, and as many further as its device's number. */
export const PRINT_DEVICES: string = `
  li t1, 0x10001000
  li t2, 0x10009000
  li t3, 0x1000
  1: lw t0, 8(t1)
  addi t0, t0, '0'
  sb t0, (s0)
  add t1, t1, t3
  bne t1, t2, 1b
`;

/** Assembly that reports a word through `tohost`; none: never. */
export function report(word: string): string {
  return `la t1, tohost\n li t0, ${word}\n sd t0, (t1)\n 1: j 1b\n .data\n .balign 8\n .globl tohost\n tohost: .dword 0\n`;
}

/** Prints a prompt, waits for the interrupt of its serial port, and prints what it is sent until that is a q. */
export const ECHO: string = `
  ${PRINT(">")}
  li t0, 1
  sb t0, 1(s0)
  li t1, 0xc000000
  sw t0, 40(t1)
  li t1, 0xc002000
  li t0, 0x400
  sw t0, (t1)
  li t0, 0x800
  csrs mie, t0
  li t2, 'q'
  again:
    wfi
  more:
    lbu t0, 5(s0)
    andi t0, t0, 1
    beqz t0, again
    lbu t1, 0(s0)
    sb t1, 0(s0)
    beq t1, t2, done
    j more
  done:
  ${POWER_OFF}`;
