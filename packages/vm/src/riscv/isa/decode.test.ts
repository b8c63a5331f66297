import assert from "node:assert/strict";
import { test } from "node:test";
import { assert as check, integer, property } from "fast-check";
import { createDecodedInstruction, createDecoder, type DecodedInstruction } from "./decode.ts";
import { FORMATS } from "./format.ts";
import { ILLEGAL_INDEX, INSTRUCTIONS } from "./instructions.ts";

const decode = createDecoder();

function decoded(bits: number): DecodedInstruction & { readonly name: string | undefined } {
  const into = createDecodedInstruction();
  decode(bits, into);
  return { ...into, name: INSTRUCTIONS[into.instruction]?.name };
}

const EXAMPLES: readonly (readonly [text: string, bits: number, expected: Partial<ReturnType<typeof decoded>>])[] = [
  ["add a0,a1,a2", 0x00c58533, { name: "add", rd: 10, rs1: 11, rs2: 12, immediate: 0, length: 4 }],
  ["sd a0,-8(sp)", 0xfea13c23, { name: "sd", rd: 0, rs1: 2, rs2: 10, immediate: -8 }],
  ["beq a0,a1,.-4", 0xfeb50ee3, { name: "beq", rs1: 10, rs2: 11, immediate: -4 }],
  ["lui a0,0x80000", 0x80000537, { name: "lui", rd: 10, immediate: -0x8000_0000 }],
  ["jal ra,.-2", 0xfffff0ef, { name: "jal", rd: 1, immediate: -2 }],
  ["srai a0,a0,63", 0x43f55513, { name: "srai", immediate: 63 }],
  ["fmadd.d fa0,fa1,fa2,fa3,rtz", 0x6ac59543, { name: "fmadd.d", rd: 42, rs1: 43, rs2: 44, rs3: 45, rounding: 1 }],
  ["fsd fa0,8(a1)", 0x00a5b427, { name: "fsd", rd: 0, rs1: 11, rs2: 42, immediate: 8 }],
  ["fcvt.w.s a0,fa1,dyn", 0xc005f553, { name: "fcvt.w.s", rd: 10, rs1: 43, rs2: 0, rounding: 7 }],
  ["csrrw a0,0xc01,a1", 0xc0159573, { name: "csrrw", rd: 10, rs1: 11, immediate: 0xc01 | (10 << 12) }],
  ["csrrsi a0,0x300,9", 0x3004e573, { name: "csrrsi", rd: 10, rs1: 0, immediate: 0x300 | (10 << 12) | (9 << 17) }],
  ["sfence.vma zero,a1", 0x12b00073, { name: "sfence.vma", rs1: 0, rs2: 11, immediate: 1 }],
  ["sfence.vma a1,zero", 0x12058073, { name: "sfence.vma", rs1: 11, rs2: 0, immediate: 2 }],
  ["c.fldsp fa0,8(sp)", 0x2522, { name: "fld", rd: 42, rs1: 2, immediate: 8, length: 2 }],
  ["c.fsd fa0,8(a1)", 0xa588, { name: "fsd", rs1: 11, rs2: 42, immediate: 8, length: 2 }],
  ["c.jalr a0", 0x9502, { name: "jalr", rd: 1, rs1: 10, immediate: 0, length: 2 }],
  ["c.beqz a0,.+6", 0xc119, { name: "beq", rs1: 10, rs2: 0, immediate: 6, length: 2 }],
];

for (const [text, bits, expected] of EXAMPLES) {
  test(`${text} comes apart into its operands`, () => {
    const actual = decoded(bits);
    assert.deepEqual({ ...actual, ...expected }, actual);
  });
}

test("what stands above a compressed instruction does not matter", () => {
  check(
    property(integer({ min: 0, max: 0xffff }), integer({ min: 0, max: 0xffff }), (low, high) => {
      if ((low & 3) !== 3) assert.deepEqual(decoded((high << 16) | low), decoded(low));
    }),
  );
});

test("bits may be given signed or unsigned", () => {
  check(property(integer(), (bits) => assert.deepEqual(decoded(bits), decoded(bits >>> 0))));
});

test("reserved encodings are illegal, with their bits as immediate", () => {
  const words = [0xffff_ffff | 0, 0x1f, 0xfe00_4033 | 0, 0x7003, 0x3020_00f3, 0x7b20_0073];
  const compressed = [0x0000, 0x0004, 0x2001, 0x6001, 0x6101, 0x8000, 0x9c41, 0x9c61, 0x4002, 0x6002, 0x8002];
  for (const bits of [...words, ...compressed]) {
    const length = (bits & 3) === 3 ? 4 : 2;
    const expected = {
      ...createDecodedInstruction(),
      instruction: ILLEGAL_INDEX,
      immediate: bits,
      length,
      name: "illegal",
    };
    assert.deepEqual(decoded(bits), expected, bits.toString(16));
  }
});

test("a record holds nothing of what was decoded into it before", () => {
  const reused = createDecodedInstruction();
  check(
    property(integer(), integer(), (before, bits) => {
      decode(before, reused);
      decode(bits, reused);
      const fresh = createDecodedInstruction();
      decode(bits, fresh);
      assert.deepEqual(reused, fresh);
    }),
  );
});

test("operands of any bits are slots of the register file, and what a format does not have is 0", () => {
  check(
    property(integer(), (bits) => {
      const actual = decoded(bits);
      const format = FORMATS[INSTRUCTIONS[actual.instruction]?.format ?? "none"];
      for (const field of ["rd", "rs1", "rs2", "rs3"] as const) {
        const first = format[field] === "float" ? 32 : 0;
        const last = format[field] === undefined ? 0 : first + 31;
        assert.ok(actual[field] >= first && actual[field] <= last, field);
      }
      assert.equal(actual.immediate, actual.immediate | 0);
    }),
    { numRuns: 5000 },
  );
});

test("every instruction is found by its own bits, so that no row hides another", () => {
  for (const [index, { match, mask, name }] of INSTRUCTIONS.entries()) {
    if (index !== ILLEGAL_INDEX) assert.equal(decoded(match | (~mask & 0x007f_8f80)).instruction, index, name);
  }
});
