import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMachine } from "../create-machine.ts";
import type { Machine } from "../machine.ts";
import type { MachineOptions } from "../options.ts";
import { nodeHost } from "../../node/host.ts";

/** A program in machine mode, with what programs of these tests need: `s0` is the serial port, `s1` the power control. */
const PROLOGUE = `
  .option norelax
  .globl _start
  .text
  _start:
    li s0, 0x10000000
    li s1, 0x100000
`;

/** What programs end with: macros would hide it. Each is a word for the power control. */
export const POWER = { off: 0x5555, reset: 0x7777, fail: 0x3333 } as const;

/** Assembly that ends the program. @param code of a failure */
export function power(kind: keyof typeof POWER, code = 0): string {
  return `li t0, ${POWER[kind] + code * 0x1_0000}\n sw t0, (s1)\n 1: j 1b\n`;
}

/** Assembly that prints one character. */
export function print(character: string): string {
  return `li t0, ${character.charCodeAt(0)}\n sb t0, (s0)\n`;
}

/** Assembles a program (GNU syntax). @returns an ELF program at the start of RAM */
export function assemble(text: string): Uint8Array {
  const folder = mkdtempSync(join(tmpdir(), "cloister-vm-"));
  try {
    const [source, program] = [join(folder, "program.S"), join(folder, "program")];
    writeFileSync(source, PROLOGUE + text);
    const options = [
      "-nostdlib",
      "-static",
      "-march=rv64gc",
      "-mabi=lp64d",
      "-Wl,-Ttext=0x80000000,--omagic,--no-warn-rwx-segments",
    ];
    execFileSync("riscv64-unknown-elf-gcc", [...options, source, "-o", program], { timeout: 30_000 });
    return Uint8Array.from(readFileSync(program));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A small machine that ends with its test. @returns it, and what it has printed so far */
export async function createTestMachine(
  text: string,
  options: Partial<MachineOptions> = {},
): Promise<Machine & Disposable & { readonly printed: () => string }> {
  let printed = "";
  const machine = await createMachine({
    host: nodeHost(),
    kernel: assemble(text),
    memoryMib: 16,
    background: false,
    serial: { transmit: (bytes) => void (printed += Buffer.from(bytes).toString("latin1")) },
    ...options,
  });
  return Object.assign(machine, { printed: () => printed, [Symbol.dispose]: () => machine.close() });
}
