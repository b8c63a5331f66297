import assert from "node:assert/strict";
import { test } from "node:test";
import { DECODED, MODE, RAM_BASE, RAM_OFFSET, registerOffset, SINK_REGISTER } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";
import { createDecoder } from "../riscv/isa/decode.ts";
import { encodeWord } from "../testing/encoder.ts";
import { DecodedPages } from "./decoded-pages.ts";
import { FIRST_INSTRUCTION, HANDLER, RECORD, STRADDLE_OFFSET } from "./records.ts";

const MEMORY_PAGES = (RAM_OFFSET + 2 ** 16) / 2 ** 16;
const FIRST_PAGE = RAM_BASE / 4096;

/** Pages without anything around them, and what they told. */
class Fixture {
  readonly memory = new WebAssembly.Memory({ initial: MEMORY_PAGES });
  readonly view = new DataView(this.memory.buffer);
  readonly forgotten: number[] = [];
  readonly watched: number[] = [];
  readonly pages = new DecodedPages({
    memory: this.memory,
    decode: createDecoder(),
    hasRounding: () => false,
    threshold: 7,
    onForget: (offset) => void this.forgotten.push(offset),
    onCode: (page) => void this.watched.push(page),
  });

  decode(record: number, half = -1): number {
    return this.pages.decode(record, () => half);
  }

  write(address: number, bits: number): void {
    this.view.setInt32(address - RAM_BASE + RAM_OFFSET, bits, true);
  }
}

test("a page is decoded once for each mode, and counts as code from the first on", () => {
  const { pages, watched } = new Fixture();
  const user = pages.open(FIRST_PAGE, MODE.user);
  const machine = pages.open(FIRST_PAGE, MODE.machine);
  assert.notEqual(user, machine);
  assert.equal(pages.open(FIRST_PAGE, MODE.user), user);
  assert.deepEqual(watched, [FIRST_PAGE]);
  assert.ok(pages.has(FIRST_PAGE));
  assert.equal(pages.has(FIRST_PAGE + 1), false);
});

test("records and addresses belong to each other, up to the page's last two bytes", () => {
  const { pages } = new Fixture();
  pages.open(FIRST_PAGE, MODE.machine);
  for (const address of [RAM_BASE, RAM_BASE + 2, RAM_BASE + 4094]) {
    const record = pages.recordOf(address, MODE.machine);
    assert.ok(record !== undefined);
    assert.equal(pages.addressOf(record), address);
    assert.equal(pages.recordOf(address, MODE.user), undefined);
  }
});

test("a new page is undecoded, counts down from the threshold, and has two records of its end", () => {
  const { pages, view } = new Fixture();
  const first = pages.open(FIRST_PAGE, MODE.machine);
  const handlers = Array.from({ length: 2050 }, (_, index) =>
    view.getUint16(first + index * 16 + RECORD.handler, true),
  );
  assert.ok(handlers.slice(0, 2048).every((handler) => handler === HANDLER.undecoded));
  assert.deepEqual(handlers.slice(2048), [HANDLER.pageEnd, HANDLER.pageEnd]);
  assert.equal(view.getUint16(first + 2047 * 16 + RECORD.counter, true), 7);
});

test("a decoded record has offsets of registers, the sink for x0, the immediate and the step", () => {
  const fixture = new Fixture();
  const { pages, view } = fixture;
  fixture.write(RAM_BASE + 8, encodeWord("addi", { rs1: 5, immediate: -3 }));
  const record = pages.open(FIRST_PAGE, MODE.machine) + 8 * 8;
  assert.equal(fixture.decode(record), record);
  assert.ok(view.getUint16(record + RECORD.handler, true) >= FIRST_INSTRUCTION);
  assert.equal(view.getUint16(record + RECORD.rd, true), registerOffset(SINK_REGISTER));
  assert.equal(view.getUint16(record + RECORD.rs1, true), registerOffset(5));
  assert.equal(view.getInt32(record + RECORD.immediate, true), -3);
  assert.equal(view.getUint16(record + RECORD.step, true), 32);
  assert.equal(view.getUint16(record + RECORD.counter, true), 7);
});

test("an instruction that reaches into the next page is decoded elsewhere; where that page traps, not at all", () => {
  const fixture = new Fixture();
  const bits = encodeWord("addi", { rd: 10, rs1: 10, immediate: 1 });
  fixture.view.setUint16(RAM_OFFSET + 4094, bits & 0xffff, true);
  const record = fixture.pages.open(FIRST_PAGE, MODE.machine) + 4094 * 8;
  assert.equal(fixture.decode(record, -1), 0);
  assert.equal(fixture.decode(record, bits >>> 16), STRADDLE_OFFSET);
  assert.equal(fixture.view.getInt32(STRADDLE_OFFSET + RECORD.immediate, true), 1);
  assert.equal(fixture.view.getUint16(record + RECORD.handler, true), HANDLER.undecoded);
});

test("a full pool lends its oldest page again, and tells", () => {
  const { pages, forgotten } = new Fixture();
  const first = pages.open(FIRST_PAGE, MODE.machine);
  for (let page = 1; page < DECODED.pages; page++) pages.open(FIRST_PAGE + page, MODE.machine);
  assert.deepEqual(forgotten, []);
  assert.equal(pages.open(FIRST_PAGE + DECODED.pages, MODE.machine), first);
  assert.deepEqual(forgotten, [first]);
  assert.equal(pages.has(FIRST_PAGE), false);
  assert.equal(pages.addressOf(first), RAM_BASE + DECODED.pages * 4096);
});

test("a dropped page is forgotten in all modes; its records lead nowhere, and decoding one asks to look it up anew", () => {
  const fixture = new Fixture();
  const { pages, forgotten } = fixture;
  const records = [MODE.user, MODE.machine].map((mode) => pages.open(FIRST_PAGE, mode));
  pages.drop(FIRST_PAGE);
  assert.deepEqual(forgotten, records);
  for (const record of records) {
    assert.equal(pages.addressOf(record), undefined);
    assert.equal(fixture.decode(record), 0);
  }
  pages.drop(FIRST_PAGE);
  assert.equal(forgotten.length, 2);
});

const JUMP_TO_ITSELF = encodeWord("jal");
const ADD = encodeWord("addi", { rd: 10, rs1: 10, immediate: 1 });

test("code goes on across the end of a page, compressed or not, and an instruction across it runs", () => {
  const core = new BareCore();
  core.write(RAM_BASE + 4090, [ADD, ADD, ADD, JUMP_TO_ITSELF]);
  core.setRegister(10, 0n);
  assert.equal(core.interpret(RAM_BASE + 4090, 3), RAM_BASE + 4102);
  assert.equal(core.register(10), 3n);
});

test("an instruction across the end of a page branches to where it should, again and again", () => {
  const core = new BareCore();
  core.write(RAM_BASE + 4090, [ADD, encodeWord("bne", { rs1: 10, rs2: 11, immediate: -4 }), JUMP_TO_ITSELF]);
  core.setRegister(10, 0n);
  core.setRegister(11, 9n);
  assert.equal(core.interpret(RAM_BASE + 4090, 18), RAM_BASE + 4098);
  assert.equal(core.register(10), 9n);
});

test("code that changes itself is decoded anew, once the page is looked up again", () => {
  const core = new BareCore();
  const patched = RAM_BASE + 16;
  core.onStore = (address) => core.pages.drop(Math.floor(address / 4096));
  // Stores a1 over the instruction at 16, then jumps to it by a register.
  core.write(RAM_BASE, [
    encodeWord("sw", { rs1: 12, rs2: 11 }),
    ADD,
    encodeWord("jalr", { rs1: 12 }),
    0,
    ADD,
    JUMP_TO_ITSELF,
  ]);
  core.setRegister(10, 0n);
  core.setRegister(12, BigInt(patched));
  core.interpret(patched, 1);
  assert.equal(core.register(10), 1n);
  core.setRegister(11, BigInt(encodeWord("addi", { rd: 10, rs1: 10, immediate: 100 })));
  core.interpret(RAM_BASE, 4);
  assert.equal(core.register(10), 102n);
});

test("an instruction that was decoded before gives the same record, and keeps the counter of its own", () => {
  const { pages, view, write, decode } = bound(new Fixture());
  const first = pages.open(FIRST_PAGE, MODE.machine);
  const words = [
    encodeWord("addi", { rd: 5, rs1: 6, immediate: -7 }),
    encodeWord("sd", { rs1: 2, rs2: 8, immediate: 40 }),
    encodeWord("jal", { rd: 0, immediate: 64 }),
    0x0000_4501, // c.li a0, 0, and an illegal parcel.
    0xffff_ffff | 0,
  ];
  words.forEach((word, index) => {
    for (const at of [0, 1024]) {
      write(RAM_BASE + at + index * 4, word);
      assert.equal(decode(first + (at + index * 4) * 8), first + (at + index * 4) * 8);
    }
    view.setUint16(first + (1024 + index * 4) * 8 + RECORD.counter, 3, true);
    pages.countAgain(first + (1024 + index * 4) * 8, 7);
    const [fresh, recalled] = [0, 1024].map((at) => Buffer.from(view.buffer, first + (at + index * 4) * 8, 16));
    assert.deepEqual(recalled, fresh);
  });
});

test("the interpreter asks nobody for what it has decoded elsewhere, compressed or not", () => {
  const core = new BareCore();
  const [HALVES, OTHER] = [0x0505_0505, 0x0605_0505]; // c.addi a0, 1 twice; c.addi a0, 1 and c.addi a2, 1.
  core.write(RAM_BASE, [ADD, HALVES, OTHER, ADD, HALVES, OTHER, JUMP_TO_ITSELF]);
  core.setRegister(10, 0n);
  core.setRegister(12, 0n);
  assert.equal(core.interpret(RAM_BASE, 11), RAM_BASE + 24);
  assert.deepEqual([core.register(10), core.register(12)], [8n, 2n]);
  assert.equal(core.calls.get("decode"), 4, "each once: a word, two halves, the jump");
});

test("on a page that was dropped under it, the interpreter decodes nothing by itself", () => {
  const core = new BareCore();
  core.write(RAM_BASE, [ADD, encodeWord("sw", { rs1: 12, rs2: 11 }), ADD, JUMP_TO_ITSELF]);
  core.onStore = (address) => core.pages.drop(Math.floor(address / 4096));
  const other = encodeWord("addi", { rd: 10, rs1: 10, immediate: 100 });
  core.write(RAM_BASE + 4096, [ADD, other, JUMP_TO_ITSELF]);
  core.interpret(RAM_BASE + 4096, 3);
  core.setRegister(10, 0n);
  core.setRegister(11, BigInt(other));
  core.setRegister(12, BigInt(RAM_BASE + 8));
  core.interpret(RAM_BASE, 4);
  assert.equal(core.register(10), 101n, "what was stored runs, on the page as it was looked up anew");
});

/** A fixture's methods, to be called alone. */
function bound(fixture: Fixture): Pick<Fixture, "pages" | "view" | "write" | "decode"> {
  return {
    pages: fixture.pages,
    view: fixture.view,
    write: (address, bits) => fixture.write(address, bits),
    decode: (record) => fixture.decode(record),
  };
}
