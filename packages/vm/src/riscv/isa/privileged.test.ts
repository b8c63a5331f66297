import assert from "node:assert/strict";
import { test } from "node:test";
import { DirectBuilder } from "../../ir/testing/direct-builder.ts";
import { registerOffset, STATE } from "../../memory/layout.ts";
import { SYSTEM } from "../hart/port.ts";
import { createDecodedInstruction, createDecoder } from "./decode.ts";
import { INSTRUCTIONS } from "./instructions.ts";

type Call = { readonly operation: number; readonly argument: number; readonly value: bigint; readonly address: bigint };

const OPERAND = 0x1234_5678_9abc_def0n;
const OLD = 77n;

/** Runs one instruction with OPERAND in a1; the slow side answers OLD. @returns what it was called with, and a0 */
function run(bits: number): { readonly calls: readonly Call[]; readonly result: bigint } {
  const view = new DataView(new ArrayBuffer(0x4000));
  const calls: Call[] = [];
  const system = (operation: number, argument: number): number => {
    const [value, address] = [view.getBigUint64(STATE.value, true), view.getBigUint64(STATE.address, true)];
    calls.push({ operation, argument, value, address });
    view.setBigUint64(STATE.value, OLD, true);
    return 1;
  };
  view.setBigUint64(registerOffset(11), OPERAND, true);
  const builder = new DirectBuilder({ view, ramOffset: 0, ramBytes: 0, ramBase: 0n }, { system, float: () => 0 });
  const decoded = createDecodedInstruction();
  createDecoder()(bits, decoded);
  builder.run(0n, decoded, INSTRUCTIONS[decoded.instruction]?.semantics ?? assert.fail());
  return { calls, result: view.getBigUint64(registerOffset(10), true) };
}

/** The argument holds the immediate of the instruction: the CSR, rd, and the five bits in place of rs1. */
const A0_IN_ARGUMENT = 10 << 12;
const IS_IMMEDIATE = 1 << 14;
const RS1_FIELD = 0x1f << 15;

const CSR_CASES: readonly (readonly [text: string, bits: number, operation: number, value: bigint, result: bigint])[] =
  [
    ["csrrw a0,sscratch,a1 writes rs1 and reads", 0x14059573, SYSTEM.csrWrite, OPERAND, OLD],
    ["csrrw zero,sscratch,a1 does not read", 0x14059073, SYSTEM.csrWriteOnly, OPERAND, 0n],
    ["csrrs a0,sscratch,a1 sets bits", 0x1405a573, SYSTEM.csrSet, OPERAND, OLD],
    ["csrrs a0,sscratch,zero does not write", 0x14002573, SYSTEM.csrRead, 0n, OLD],
    ["csrrc a0,sscratch,a1 clears bits", 0x1405b573, SYSTEM.csrClear, OPERAND, OLD],
    ["csrrc a0,sscratch,zero does not write", 0x14003573, SYSTEM.csrRead, 0n, OLD],
    ["csrrwi a0,sscratch,31 writes the immediate", 0x140fd573, SYSTEM.csrWrite, 31n, OLD],
    ["csrrwi zero,sscratch,31 does not read", 0x140fd073, SYSTEM.csrWriteOnly, 31n, 0n],
    ["csrrsi a0,sscratch,31 sets bits", 0x140fe573, SYSTEM.csrSet, 31n, OLD],
    ["csrrsi a0,sscratch,0 does not write", 0x14006573, SYSTEM.csrRead, 0n, OLD],
    ["csrrci a0,sscratch,31 clears bits", 0x140ff573, SYSTEM.csrClear, 31n, OLD],
    ["csrrci a0,sscratch,0 does not write", 0x14007573, SYSTEM.csrRead, 0n, OLD],
  ];

for (const [text, bits, operation, value, result] of CSR_CASES) {
  test(text, () => {
    const actual = run(bits);
    const argument =
      0x140 | (result === OLD ? A0_IN_ARGUMENT : 0) | (bits & IS_IMMEDIATE ? (bits & RS1_FIELD) << 2 : 0);
    assert.deepEqual(actual, { calls: [{ operation, argument, value, address: 0n }], result });
  });
}

const SYSTEM_CASES: readonly (readonly [text: string, bits: number, call: Partial<Call>])[] = [
  ["ecall", 0x0000_0073, { operation: SYSTEM.ecall }],
  ["ebreak", 0x0010_0073, { operation: SYSTEM.ebreak }],
  ["c.ebreak", 0x9002, { operation: SYSTEM.ebreak }],
  ["sret", 0x1020_0073, { operation: SYSTEM.sret }],
  ["mret", 0x3020_0073, { operation: SYSTEM.mret }],
  ["wfi", 0x1050_0073, { operation: SYSTEM.wfi }],
  ["fence.i", 0x0000_100f, { operation: SYSTEM.fenceI }],
  ["sfence.vma of an address", 0x1205_8073, { operation: SYSTEM.sfenceVma, argument: 2, address: OPERAND }],
  ["sfence.vma of all", 0x1200_0073, { operation: SYSTEM.sfenceVma, argument: 3 }],
  ["an illegal instruction, with its bits", 0xffff_ffff, { operation: SYSTEM.illegal, value: 0xffff_ffffn }],
  ["an illegal compressed instruction, with its bits", 0x8002, { operation: SYSTEM.illegal, value: 0x8002n }],
];

for (const [text, bits, call] of SYSTEM_CASES) {
  test(`${text} asks the hart's slow side, once`, () => {
    const expected = { operation: -1, argument: 0, value: 0n, address: 0n, ...call };
    assert.deepEqual(run(bits).calls, [expected]);
  });
}

test("fence and pause ask nobody", () => {
  for (const bits of [0x0ff0_000f, 0x0100_000f]) assert.deepEqual(run(bits).calls, []);
});
