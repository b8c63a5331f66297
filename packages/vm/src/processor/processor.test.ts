import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "../clock/virtual-clock.ts";
import {
  HOT_UNIT_OFFSET,
  JUMP_CACHE,
  JUMP_LOG,
  JUMPS_FILLED_OFFSET,
  jumpCacheOffset,
  MODE,
  RAM_BASE,
  RAM_OFFSET,
} from "../memory/layout.ts";
import { createPhysicalMemory } from "../memory/physical-memory.ts";
import { PRIVILEGE } from "../riscv/hart/privilege.ts";
import { encodeWord } from "../testing/encoder.ts";
import { Processor } from "./processor.ts";

const RAM_BYTES = 0x1_0000;
const PAGES = (RAM_OFFSET + RAM_BYTES) / 2 ** 16;

/** A processor without a board, at a loop that becomes a unit at once. */
function create(mode: "auto" | "block" = "block"): { readonly processor: Processor; readonly view: DataView } {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const physical = createPhysicalMemory({ memory, sizeBytes: RAM_BYTES, onWrite: (page) => processor.drop(page) });
  const processor: Processor = new Processor({
    memory,
    physical,
    bus: { read: () => false, write: () => false },
    clock: new VirtualClock(),
    mode,
    compileAfter: 1,
  });
  const view = new DataView(memory.buffer);
  const loop = [encodeWord("addi", { rd: 5, rs1: 5, immediate: 1 }), encodeWord("jal", { rd: 0, immediate: -4 })];
  for (const [index, word] of loop.entries()) view.setInt32(RAM_OFFSET + index * 4, word, true);
  processor.hart.reset({ pc: RAM_BASE, a0: 0, a1: 0, privilege: PRIVILEGE.machine });
  return { processor, view };
}

const COUNTER = JUMPS_FILLED_OFFSET + MODE.machine * 4;
const LOG = JUMP_LOG.offset + MODE.machine * JUMP_LOG.modeBytes;
const CACHE = jumpCacheOffset(MODE.machine);

/** Entries of machine mode's jump cache that lead anywhere, as offsets from the first mode's. */
function filledEntries(view: DataView): readonly number[] {
  const entries = Array.from({ length: JUMP_CACHE.entries }, (_, index) => CACHE + index * JUMP_CACHE.entryBytes);
  return entries.filter((entry) => view.getBigInt64(entry, true) !== -1n).map((entry) => entry - JUMP_CACHE.offset);
}

test("each entry of a jump cache that is filled is written down, and is emptied by that", () => {
  const { processor, view } = create();
  for (let slice = 0; slice < 3; slice++) processor.run(100);
  assert.equal(processor.compiled.block, 1);
  const filled = filledEntries(view);
  assert.equal(filled.length, 1);
  assert.equal(view.getInt32(COUNTER, true), 1);
  assert.equal(view.getInt32(LOG, true), filled[0]);
  processor.forgetJumps();
  assert.deepEqual(filledEntries(view), []);
  assert.equal(view.getInt32(COUNTER, true), 0);
  processor.run(100);
  assert.deepEqual(filledEntries(view), filled);
});

test("a jump cache of which more was filled than can be written down is emptied as a whole", () => {
  const { processor, view } = create();
  const places = [0, 7, JUMP_CACHE.entries - 1].map((index) => CACHE + index * JUMP_CACHE.entryBytes);
  for (const place of places) view.setBigInt64(place, 0x1234n, true);
  view.setInt32(COUNTER, JUMP_LOG.entries + 1, true);
  processor.forgetJumps();
  assert.deepEqual(filledEntries(view), []);
});

test("a block that has become hot is told of once, runs on, and becomes a region", () => {
  const { processor, view } = create("auto");
  for (let slice = 0; slice < 100; slice++) processor.run(100);
  assert.deepEqual(processor.compiled, { block: 1, region: 1 });
  assert.equal(view.getInt32(HOT_UNIT_OFFSET, true), 0);
});
