import assert from "node:assert/strict";
import { test } from "node:test";
import { MODE, RAM_BASE, RAM_OFFSET, SECOND_TLB, STATE, TLB, tlbOffset } from "../memory/layout.ts";
import { encodeWord } from "../testing/encoder.ts";
import { BareCore } from "./testing/bare-core.ts";

const CODE = RAM_BASE;
const DATA = RAM_BASE + 0x4000;
/** An address that stands for the page at DATA, as far as the look-aside buffers say so. */
const VIRTUAL = 0x4567_8000;
const ADDEND = DATA - RAM_BASE + RAM_OFFSET - VIRTUAL;
const VALUE = 0x1122_3344_5566_7788n;
const BASE = 5;
const RESULT = 6;

function firstEntry(kind: number, address = VIRTUAL): number {
  return tlbOffset(MODE.machine, kind) + ((address >>> 12) & (TLB.entries - 1)) * TLB.entryBytes;
}

function secondEntry(kind: number): number {
  const index = ((VIRTUAL >>> 12) ^ (VIRTUAL >>> SECOND_TLB.foldShift)) & (SECOND_TLB.entries - 1);
  return SECOND_TLB.offset + MODE.machine * SECOND_TLB.modeBytes + kind + index * SECOND_TLB.entryBytes;
}

function enter({ view }: BareCore, entry: number, address = VIRTUAL, addend = ADDEND): void {
  view.setInt32(entry, address, true);
  view.setInt32(entry + 4, 0, true);
  view.setInt32(entry + 8, addend, true);
}

/** A core with instructions at CODE, each of which runs once, and VALUE in all of the page at DATA. */
function coreOf(words: readonly number[], address: number): BareCore {
  const core = new BareCore();
  core.write(CODE, [...words, encodeWord("jal", { rd: 0, immediate: 0 })]);
  for (let at = 0; at < 4096; at += 8) core.view.setBigUint64(DATA - RAM_BASE + RAM_OFFSET + at, VALUE, true);
  core.setRegister(BASE, BigInt(address));
  core.setRegister(RESULT, 0xaabb_ccdd_eeff_0011n);
  return core;
}

const RUNS = {
  interpreted: (core: BareCore): void => void core.interpret(CODE, 9),
  compiled: (core: BareCore): void => {
    const [unit] = core.compile([CODE]);
    core.view.setInt32(STATE.budget, 9, true);
    unit?.(BigInt(CODE));
  },
} as const;

const ld = encodeWord("ld", { rd: RESULT, rs1: BASE, immediate: 0 });

for (const [tier, run] of Object.entries(RUNS)) {
  test(`${tier}: a page that lost its place to another is found again, and put back, without the slow side`, () => {
    const core = coreOf([ld], VIRTUAL + 16);
    enter(core, secondEntry(SECOND_TLB.read));
    run(core);
    assert.equal(core.register(RESULT), VALUE);
    assert.equal(core.calls.get("load"), undefined);
    assert.equal(core.view.getInt32(firstEntry(TLB.read), true), VIRTUAL);
    assert.equal(core.view.getInt32(firstEntry(TLB.read) + 8, true), ADDEND);
  });

  for (const distance of [1, 4, 7, 4088])
    test(`${tier}: a load ${distance} bytes into a page that is known needs no slow side`, () => {
      const core = coreOf([ld], VIRTUAL + distance);
      enter(core, firstEntry(TLB.read));
      run(core);
      const shift = BigInt((distance % 8) * 8);
      assert.equal(core.register(RESULT), BigInt.asUintN(64, (VALUE >> shift) | (VALUE << (64n - shift))));
      assert.equal(core.calls.get("load"), undefined);
    });

  for (const [name, bytes] of [
    ["sb", 1],
    ["sh", 2],
    ["sw", 4],
    ["sd", 8],
  ] as const)
    test(`${tier}: a misaligned ${name} writes its ${bytes} bytes and no others`, () => {
      const core = coreOf([encodeWord(name, { rs1: BASE, rs2: RESULT, immediate: 0 })], VIRTUAL + 33);
      enter(core, secondEntry(SECOND_TLB.write));
      run(core);
      const written = Buffer.from(core.view.buffer, DATA - RAM_BASE + RAM_OFFSET + 32, 16).toString("hex");
      const before = Buffer.alloc(16);
      before.writeBigUInt64LE(VALUE, 0);
      before.writeBigUInt64LE(VALUE, 8);
      before.set([0x11, 0x00, 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa].slice(0, bytes), 1);
      assert.equal(written, before.toString("hex"));
      assert.equal(core.calls.get("store"), undefined);
    });

  test(`${tier}: an access that crosses into the next page is the slow side's`, () => {
    const core = coreOf([ld], DATA + 4089);
    enter(core, firstEntry(TLB.read, DATA), DATA, RAM_OFFSET - RAM_BASE);
    run(core);
    assert.equal(core.calls.get("load"), 1);
  });
}

/** Accesses off one base, which compiled code looks up together; what they leave in registers and memory is compared. */
const GROUP = [
  encodeWord("sd", { rs1: BASE, rs2: RESULT, immediate: 0 }),
  encodeWord("sw", { rs1: BASE, rs2: BASE, immediate: 8 }),
  encodeWord("ld", { rd: 7, rs1: BASE, immediate: 4 }),
  encodeWord("sb", { rs1: BASE, rs2: RESULT, immediate: -1 }),
  encodeWord("lbu", { rd: BASE, rs1: BASE, immediate: 3 }),
];

for (const distance of [8, 2049, 4080, 4084, 4085, 4092, 4095])
  test(`accesses together, ${distance} bytes into a page, do the same in compiled code as one by one`, () => {
    const [interpreted, compiled] = Object.values(RUNS).map((run) => {
      const core = coreOf(GROUP, DATA + distance);
      enter(core, firstEntry(TLB.write, DATA), DATA, RAM_OFFSET - RAM_BASE);
      run(core);
      const data = Buffer.from(core.view.buffer, DATA - RAM_BASE + RAM_OFFSET, 8192).toString("hex");
      return { data, registers: [BASE, RESULT, 7].map((register) => core.register(register)) };
    });
    assert.deepEqual(compiled, interpreted);
    assert.notEqual(compiled?.registers[2], 0n);
  });
