import assert from "node:assert/strict";
import { test } from "node:test";
import { constantFrom, integer, sample, tuple } from "fast-check";
import { CSR_TABLE } from "../hart/csr-table.ts";
import { createDecodedInstruction, createDecoder } from "./decode.ts";
import { createDisassembler } from "./disassemble.ts";
import { documentInstructions } from "./document.ts";
import { COMPRESSED } from "./compressed.ts";
import { FORMATS } from "./format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "./instructions.ts";
import { listReference } from "./testing/toolchain.ts";

type Bits = { readonly bits: number; readonly length: 2 | 4 };

const disassemble = createDisassembler();

/** Addresses of branches and jumps, as objdump writes them, with the 0x that we put before them. */
function withPrefix(text: string): string {
  return /^(c\.(j|b)|jal |b)/.test(text) && !/^(c\.jr|c\.jalr|bset|bclr|binv|bext)/.test(text)
    ? text.replace(/([ ,])([0-9a-f]+)$/, "$10x$2")
    : text;
}

/** What objdump says and we do not, by what we say, as pairs of texts that differ. */
function differences(
  instructions: readonly Bits[],
): readonly { readonly bits: number; readonly ours: string; readonly theirs: string }[] {
  const listed = listReference(instructions);
  assert.equal(listed.length, instructions.length);
  return instructions.flatMap(({ bits }, index) => {
    const { address, text } = listed[index] ?? { address: 0n, text: "" };
    const [ours, theirs] = [disassemble(bits, address), withPrefix(text)];
    return ours === theirs ? [] : [{ bits, ours, theirs }];
  });
}

test("all compressed instructions read as objdump reads them, but for two encodings and its names of shifts by 0", () => {
  const words = Array.from({ length: 0x10000 }, (_, bits) => bits).filter((bits) => (bits & 3) !== 3);
  const unexplained = differences(words.map((bits) => ({ bits, length: 2 }))).filter(({ ours, theirs }) => {
    // Shifts by 0 are hints, which objdump names after RV128's shifts by 64.
    const isShiftByZero = theirs === ours.replace(/^(c\.(?:slli|srli|srai)) (\w+),0x0$/, "$164 $2");
    return !isShiftByZero;
  });
  assert.deepEqual(unexplained, [
    { bits: 0x0000, ours: ".2byte 0x0", theirs: "c.unimp" },
    // The stack pointer's adjustment by 0 is reserved (table "Instruction listing for RVC, Quadrant 1").
    { bits: 0x6101, ours: ".2byte 0x6101", theirs: "c.addi16sp sp,0" },
  ]);
});

/** Why objdump may say something else, with both texts in one form where it does; undefined where nothing explains it. */
const EXPLANATIONS: readonly (readonly [reason: string, applies: (ours: string, theirs: string) => boolean])[] = [
  [
    "objdump knows exact conversions only with the rounding mode 0, and does not write it",
    (ours, theirs) =>
      /^fcvt\.(d\.(wu?|s|h)|s\.h) /.test(ours) && (theirs.startsWith(".4byte") || ours === `${theirs},rne`),
  ],
  [
    "objdump takes bits of fences that are to be ignored for other instructions",
    (ours, theirs) => /^fence(\.i)?( |$)/.test(ours) && (theirs.startsWith(".4byte") || theirs.startsWith("fence.tso")),
  ],
  [
    "reserved rounding modes make an instruction illegal when it runs",
    (ours, theirs) => ours.endsWith(",unknown") && (theirs.startsWith(".4byte") || theirs === ours),
  ],
  [
    "objdump has a name for the write to a read-only CSR that is illegal on every machine",
    (ours, theirs) => ours === "csrrw zero,cycle,zero" && theirs === "unimp",
  ],
  [
    "objdump knows the names of CSRs that the machine does not have",
    (ours, theirs) => {
      const [name, rd, csr = "", operand] = ours.split(/[ ,]/);
      return csr.startsWith("0x") && new RegExp(`^${name} ${rd},[a-z]\\w+,${operand}$`).test(theirs);
    },
  ],
];

test("every 32-bit instruction with random operands reads as objdump reads it, but for what is explained", (context) => {
  const seed = Date.now() % 2 ** 31;
  context.diagnostic(`seed ${seed}`);
  const operands = sample(integer(), { seed, numRuns: 200 });
  const samples = INSTRUCTIONS.filter((_, index) => index !== ILLEGAL_INDEX).flatMap(({ mask, match }) =>
    operands.map((random): Bits => ({ bits: (random & ~mask) | match, length: 4 })),
  );
  const unexplained = differences(samples).filter(
    ({ ours, theirs }) => !EXPLANATIONS.some(([, applies]) => applies(ours, theirs)),
  );
  assert.deepEqual(unexplained, []);
});

test("what objdump knows of these extensions and we call illegal is nothing", (context) => {
  const seed = Date.now() % 2 ** 31;
  context.diagnostic(`seed ${seed}`);
  const decode = createDecoder();
  const decoded = createDecodedInstruction();
  const opcodes = [...new Set(INSTRUCTIONS.map(({ match }) => match & 0x7f))].filter((opcode) => (opcode & 3) === 3);
  const illegal = sample(tuple(integer(), constantFrom(...opcodes)), { seed, numRuns: 40_000 })
    .map(([random, opcode]): Bits => ({ bits: (random & ~0x7f) | opcode, length: 4 }))
    .filter(({ bits }) => {
      decode(bits, decoded);
      return decoded.instruction === ILLEGAL_INDEX;
    });
  assert.ok(illegal.length > 1000);
  assert.deepEqual(differences(illegal), []);
});

test("CSRs go by the names of the hart's table", () => {
  for (const { number, name } of CSR_TABLE) assert.equal(disassemble((number << 20) | 0x2573), `csrrs a0,${name},zero`);
});

test("the documentation names every instruction and format", () => {
  const text = documentInstructions();
  for (const { name, format } of INSTRUCTIONS.slice(1)) {
    assert.ok(text.includes(`| \`${name}\` |`), name);
    assert.ok(text.includes(` | ${format} | `), format);
    assert.ok(format in FORMATS);
  }
  for (const { name } of COMPRESSED) assert.ok(text.includes(`| \`${name}\` |`), name);
});
