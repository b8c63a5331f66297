import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REFERENCE_PROCESSOR } from "../../../testing/toolchain.ts";

const PREFIX = "riscv64-linux-gnu-";
const ARCHITECTURE = "-march=rv64gc_zfh_zba_zbb_zbc_zbs_zihintpause";
const LIMITS = { timeout: 60_000, maxBuffer: 1 << 28 } as const;

/** Where the one section of a program is loaded. */
export const PROGRAM_BASE = 0x10000;

/** Calls back with a folder that is there for as long as that takes. */
function inFolder<Result>(use: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), "cloister-isa-"));
  try {
    return use(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function tool(name: string, ...options: readonly string[]): Buffer {
  return execFileSync(`${PREFIX}${name}`, options, LIMITS);
}

/** Assembles a program, whose entry is `_start`, and runs it under qemu-riscv64. @returns its bytes, from PROGRAM_BASE, and what it wrote */
export function runReference(assembly: string): { readonly program: Uint8Array; readonly output: Uint8Array } {
  return inFolder((folder) => {
    const [source, elf, flat] = ["program.s", "program", "program.bin"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(source, assembly);
    const base = `-Wl,-Ttext=0x${PROGRAM_BASE.toString(16)},--build-id=none`;
    tool("gcc", "-nostdlib", "-static", ARCHITECTURE, base, source, "-o", elf);
    tool("objcopy", "-O", "binary", elf, flat);
    return {
      program: readFileSync(flat),
      output: execFileSync("qemu-riscv64", ["-cpu", REFERENCE_PROCESSOR, elf], LIMITS),
    };
  });
}

/** What objdump makes of one instruction: its address and its text, without comments and symbols, a space after the name. */
export type Listed = { readonly address: bigint; readonly text: string };

function toListed(line: string): Listed | undefined {
  const match = /^\s*([0-9a-f]+):\t[0-9a-f]+\s+(.*)$/.exec(line);
  if (match?.[1] === undefined || match[2] === undefined) return undefined;
  const text = match[2].replace(/\s*(#.*|<.*>)$/, "").replace("\t", " ");
  return { address: BigInt(`0x${match[1]}`), text };
}

/** Disassembles instructions (`.insn` values of 2 or 4 bytes) that lie one behind the other, from address 0. */
export function listReference(
  instructions: readonly { readonly bits: number; readonly length: 2 | 4 }[],
): readonly Listed[] {
  return inFolder((folder) => {
    const [source, object] = [join(folder, "listing.s"), join(folder, "listing.o")];
    writeFileSync(source, instructions.map(({ bits, length }) => `.insn ${length}, ${bits >>> 0}\n`).join(""));
    tool("gcc", "-c", ARCHITECTURE, source, "-o", object);
    const listing = tool("objdump", "-d", "-z", "-M", "no-aliases", object).toString();
    return listing.split("\n").flatMap((line) => toListed(line.replace(/ <[^>]*>$/, "")) ?? []);
  });
}
