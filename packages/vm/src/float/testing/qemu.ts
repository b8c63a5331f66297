/** Every floating-point instruction on a real reference: a small program for `qemu-riscv64` that runs records from its input. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REFERENCE_PROCESSOR } from "../../testing/toolchain.ts";
import { OPERATION } from "../operations.ts";
import { type FormattedOperation, FORMATTED_OPERATIONS } from "./operations.ts";

/** What an instruction reads and writes: f: floating-point registers, x: integer registers. */
type Shape = "f<f" | "f<ff" | "f<fff" | "x<f" | "x<ff" | "f<x";

/** Shape, and whether it has a rounding mode. The mnemonic is an f before the operation's name. */
const ARITHMETIC: Readonly<Record<string, readonly [shape: Shape, rounded: boolean]>> = {
  add: ["f<ff", true],
  sub: ["f<ff", true],
  mul: ["f<ff", true],
  div: ["f<ff", true],
  sqrt: ["f<f", true],
  min: ["f<ff", false],
  max: ["f<ff", false],
  eq: ["x<ff", false],
  lt: ["x<ff", false],
  le: ["x<ff", false],
  madd: ["f<fff", true],
  msub: ["f<fff", true],
  nmsub: ["f<fff", true],
  nmadd: ["f<fff", true],
};

/** The other side of a conversion, as its mnemonic names it. */
const OTHER_SIDES: Readonly<Record<string, string>> = { single: "s", double: "d", half: "h" };

/** Integers that every f64 holds, and formats within others: the assembler knows no rounding mode there. */
const EXACT = new Set(["fcvt.d.w", "fcvt.d.wu", "fcvt.d.s", "fcvt.d.h", "fcvt.s.h"]);

function textOf({ name }: FormattedOperation): string {
  const [operation = "", suffix = ""] = name.split(".");
  const arithmetic = ARITHMETIC[operation];
  if (arithmetic !== undefined) return instruction(`f${operation}.${suffix}`, ...arithmetic);
  const [, direction = "", type = ""] = /^(from|to)(.*)$/.exec(operation.toLowerCase()) ?? [];
  const other = OTHER_SIDES[type] ?? type;
  if (direction === "to") return instruction(`fcvt.${other}.${suffix}`, "x<f", true);
  const mnemonic = `fcvt.${suffix}.${other}`;
  return instruction(mnemonic, other === type ? "f<x" : "f<f", !EXACT.has(mnemonic));
}

/** Instruction texts by operation: `ft3` or `a0` is the result, `ft0` to `ft2` or `a1` the operands. */
const INSTRUCTIONS: ReadonlyMap<number, string> = new Map(
  FORMATTED_OPERATIONS.map((formatted) => [formatted.operation, textOf(formatted)]),
);

function instruction(mnemonic: string, shape: Shape, rounded: boolean): string {
  const [result, sources] = shape.split("<");
  const operands = sources === "x" ? ["a1"] : ["ft0", "ft1", "ft2"].slice(0, sources?.length);
  const text = `${mnemonic} ${[result === "f" ? "ft3" : "a0", ...operands, ...(rounded ? ["dyn"] : [])].join(", ")}`;
  return result === "f" ? `${text}\n fmv.x.d a0, ft3` : text;
}

/** Bytes of a record in: operation, rounding mode, three operands, eight bytes each; and out: result, flags. */
export const RECORD = { inputBytes: 40, outputBytes: 16 } as const;

/** Operations without their rounding modes are below this. */
const TABLE_LENGTH = 1 << OPERATION.roundingShift;

const CAPACITY_BYTES = 1 << 25;

/** Reads all of the input, works on it in place, and writes the results. */
const MAIN = `
 .globl _start
_start:
 la s0, buffer
 mv s1, s0
 li s2, ${CAPACITY_BYTES}
read:
 li a0, 0
 mv a1, s1
 mv a2, s2
 li a7, 63
 ecall
 blez a0, start
 add s1, s1, a0
 sub s2, s2, a0
 j read
start:
 mv s3, s0
 la s4, table
next:
 bgeu s0, s1, end
 ld t0, 0(s0)
 ld t1, 8(s0)
 fld ft0, 16(s0)
 fld ft1, 24(s0)
 fld ft2, 32(s0)
 ld a1, 16(s0)
 slli t1, t1, 5
 csrw fcsr, t1
 slli t0, t0, 3
 add t0, t0, s4
 ld t0, 0(t0)
 jalr t0
 frflags a2
 sd a0, 0(s3)
 sd a2, 8(s3)
 addi s3, s3, ${RECORD.outputBytes}
 addi s0, s0, ${RECORD.inputBytes}
 j next
end:
 la s0, buffer
write:
 sub a2, s3, s0
 blez a2, done
 li a0, 1
 mv a1, s0
 li a7, 64
 ecall
 blez a0, none
 add s0, s0, a0
 j write
done:
 li a0, 0
 li a7, 93
 ecall
none:
 li a0, 1
 li a7, 93
 ecall
`;

function program(): string {
  const table = Array.from(
    { length: TABLE_LENGTH },
    (_, operation) => ` .dword ${INSTRUCTIONS.has(operation) ? `op${operation}` : "none"}`,
  );
  const bodies = [...INSTRUCTIONS].map(([operation, text]) => `op${operation}:\n ${text}\n ret`);
  const data = [
    " .section .rodata",
    " .balign 8",
    "table:",
    ...table,
    " .bss",
    " .balign 8",
    "buffer:",
    ` .skip ${CAPACITY_BYTES}`,
  ];
  return [MAIN, ...bodies, ...data, ""].join("\n");
}

/**
 * Runs records in QEMU's user emulation, each with fcsr cleared but for its rounding mode.
 * @param records at most 800,000 of RECORD.inputBytes
 * @returns RECORD.outputBytes for each
 */
export function runInQemu(records: Uint8Array): DataView {
  const folder = mkdtempSync(join(tmpdir(), "cloister-float-"));
  try {
    const source = join(folder, "float.s");
    const binary = join(folder, "float");
    writeFileSync(source, program());
    execFileSync("riscv64-linux-gnu-gcc", ["-nostdlib", "-static", "-march=rv64gc_zfh", "-o", binary, source], {
      timeout: 30_000,
    });
    const output = execFileSync("qemu-riscv64", ["-cpu", REFERENCE_PROCESSOR, binary], {
      input: records,
      maxBuffer: CAPACITY_BYTES,
      timeout: 30_000,
    });
    return new DataView(output.buffer, output.byteOffset, output.byteLength);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
