import { deepEqual, equal, ok, throws } from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, test } from "node:test";
import * as fc from "fast-check";
import { VmError } from "../error.ts";
import { RAM_BASE, RAM_OFFSET } from "../memory/layout.ts";
import { createPhysicalMemory, type GuestMemory } from "../memory/physical-memory.ts";
import { isElf, loadElf } from "./elf.ts";

const SIZE = 0x1_0000;
const engine = new WebAssembly.Memory({ initial: (RAM_OFFSET + SIZE) / 65_536, maximum: 2000, shared: true });

/** RAM that is full of 0xee. */
function createMemory(): GuestMemory {
  const memory = createPhysicalMemory({ memory: engine, sizeBytes: SIZE, onWrite: () => {} });
  memory.writable(RAM_BASE, SIZE)?.fill(0xee);
  return memory;
}

const folder = mkdtempSync(join(tmpdir(), "cloister-elf-"));
after(() => rmSync(folder, { recursive: true }));

const SOURCE = `
.section .text.init
.globl _start
  .word 0x11223344
_start: j _start
.data
.globl tohost, tohost_more
tohost_more: .dword 5
tohost: .dword 0x1122334455667788
.bss
.globl empty
empty: .space 0x800
`;

/** A program of the real tool chain's. */
function build(...flags: readonly string[]): Uint8Array {
  const source = join(folder, "program.s");
  const program = join(folder, "program.elf");
  writeFileSync(source, SOURCE);
  const options = ["-nostdlib", "-static", "-Wl,--build-id=none,-n", "-Ttext=0x80000000", "-Tdata=0x80004000"];
  const { status, stderr } = spawnSync(
    "riscv64-unknown-elf-gcc",
    [...options, "-march=rv64i", "-mabi=lp64", ...flags, "-o", program, source],
    { timeout: 60_000 },
  );
  equal(status, 0, String(stderr));
  return new Uint8Array(readFileSync(program));
}

const program = build();

/** The program with some of its bytes replaced. */
function patch(offset: number, ...bytes: readonly number[]): Uint8Array {
  const patched = program.slice();
  patched.set(bytes, offset);
  return patched;
}

/** Offset of the data segment in the file. */
const DATA = Buffer.from(program).indexOf("8877665544332211", "hex") - 8;

describe("an ELF program", () => {
  test("is put where its segments belong, with zeros behind them", () => {
    const memory = createMemory();
    const loaded = loadElf(program, memory);
    const at = (address: number, length: number): string =>
      Buffer.from(memory.readable(address, length) ?? []).toString("hex");
    equal(at(loaded.entry - 4, 8), "443322116f000000");
    const tohost = loaded.symbol("tohost") ?? 0;
    equal(tohost, 0x8000_4008);
    equal(at(tohost, 8), "8877665544332211");
    const empty = loaded.symbol("empty") ?? 0;
    equal(at(empty, 0x800), "00".repeat(0x800));
    ok(loaded.end >= empty + 0x800);
    equal(at(loaded.end, 4), "eeeeeeee");
  });

  test("knows its symbols by their whole names", () => {
    const { symbol } = loadElf(program, createMemory());
    deepEqual(
      [symbol("tohost_more"), symbol("toho"), symbol("tohost_"), symbol("host")],
      [0x8000_4000, undefined, undefined, undefined],
    );
  });

  test("may have no symbols", () => equal(loadElf(build("-s"), createMemory()).symbol("tohost"), undefined));

  test("is told from other files by its magic number", () =>
    deepEqual([isElf(program), isElf(Uint8Array.of(0x7f, 0x45)), isElf(patch(0, 0x7e))], [true, false, false]));

  const refused: readonly (readonly [string, Uint8Array, RegExp])[] = [
    ["a file that is none", Uint8Array.from({ length: 100 }, () => 1), /no ELF file/],
    ["a cut-off header", program.slice(0, 63), /cut off/],
    ["a cut-off segment", program.slice(0, DATA + 12), /cut off/],
    ["a 32-bit program", patch(4, 1), /64-bit RISC-V/],
    ["a big-endian program", patch(5, 2), /little-endian/],
    ["another processor's program", patch(18, 62, 0), /RISC-V/],
    ["program headers of another size", patch(54, 57, 0), /unknown size/],
    ["program headers behind the end", patch(32, 0, 0, 0, 0, 0, 0, 1), /cut off/],
    ["an entry outside RAM", patch(24, 0, 0, 0, 0), /entry 0x0 .*0x80000000/],
  ];
  for (const [what, bytes, message] of refused) {
    test(`is refused: ${what}`, () => throws(() => loadElf(bytes, createMemory()), { code: "image_invalid", message }));
  }

  test("does no harm, whatever it says", () => {
    const damage = fc.array(fc.tuple(fc.oneof(fc.nat(63), fc.nat(program.length - 1)), fc.nat(255)), { maxLength: 8 });
    fc.assert(
      fc.property(damage, (changes) => {
        const bytes = program.slice();
        for (const [offset, value] of changes) bytes[offset] = value;
        try {
          loadElf(bytes, createMemory()).symbol("tohost");
        } catch (error) {
          ok(error instanceof VmError && error.code === "image_invalid", String(error));
        }
      }),
      { numRuns: 300 },
    );
  });
});
