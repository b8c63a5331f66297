import assert from "node:assert/strict";
import { test } from "node:test";
import { MODE, RAM_BASE, RAM_OFFSET } from "../memory/layout.ts";
import { encodeWord } from "../testing/encoder.ts";
import { isCompiledFrom } from "../cache/unit.ts";
import { compileBatch } from "./compile-batch.ts";
import type { CompiledUnit, Shape } from "./request.ts";

const PAGES = Math.ceil((RAM_OFFSET + 2 * 4096) / 2 ** 16);
const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES, shared: true });
const ram = new Uint8Array(memory.buffer, RAM_OFFSET);

const AT = 4096 + 16;
/** A branch over two instructions that are no code. */
const WORDS = [
  encodeWord("addi", { rd: 10 }),
  encodeWord("jal", { immediate: 12 }),
  0,
  0,
  encodeWord("jalr", { rs1: 1 }),
];

function compile(shape: Shape, offset = AT): CompiledUnit | undefined {
  return compileBatch(memory, [{ address: RAM_BASE + offset, mode: MODE.machine, shape }])?.units[0];
}

/** Is the guest's code what a unit was compiled from? */
const isCurrent = (unit: CompiledUnit): boolean =>
  isCompiledFrom(unit, ram.subarray(4096, 8192), (unit.address - RAM_BASE) % 4096);

function write(): void {
  ram.fill(0, 0, 2 * 4096);
  const view = new DataView(memory.buffer, RAM_OFFSET + AT);
  for (const [index, word] of WORDS.entries()) view.setInt32(index * 4, word, true);
}

for (const shape of ["block", "region"] as const)
  test(`a ${shape} is current as long as the bytes that it was compiled from are the same, whatever else changes`, () => {
    write();
    const unit = compile(shape);
    assert.ok(unit);
    assert.deepEqual(unit.segments, [
      { distance: 0, length: 8 },
      { distance: 16, length: 4 },
    ]);
    assert.equal(unit.instructions, 3);
    assert.ok(isCurrent(unit));
    const isCode = (distance: number): boolean => (distance >= 0 && distance < 8) || (distance >= 16 && distance < 20);
    for (let distance = -4; distance < 24; distance++) {
      write();
      ram[AT + distance] = (ram[AT + distance] ?? 0) ^ 0x80;
      assert.equal(isCurrent(unit), !isCode(distance), `byte ${distance}`);
    }
  });

test("a unit may begin behind code that belongs to it", () => {
  write();
  const view = new DataView(memory.buffer, RAM_OFFSET + AT);
  view.setInt32(4, encodeWord("bne", { rs1: 10, immediate: -4 }), true);
  view.setInt32(8, encodeWord("ecall"), true);
  const unit = compile("region", AT + 4);
  assert.ok(unit);
  assert.deepEqual(unit.segments, [{ distance: -4, length: 12 }]);
  assert.ok(isCurrent(unit));
  view.setInt32(0, 0, true);
  assert.equal(isCurrent(unit), false);
});

test("a region that goes on in the next page has what it was compiled from there, wherever that lies", () => {
  write();
  const view = new DataView(memory.buffer, RAM_OFFSET);
  view.setInt32(8188, encodeWord("addi", { rd: 10 }), true);
  view.setInt32(0, encodeWord("jalr", { rs1: 1 }), true);
  const request = { address: RAM_BASE + 8188, mode: MODE.machine, shape: "region" } as const;
  const batch = compileBatch(memory, [{ ...request, nextPage: RAM_BASE }, request]);
  assert.deepEqual(
    batch?.units.map(({ segments, border, code }) => [segments, border, code.length]),
    [
      [[{ distance: 0, length: 8 }], 4, 8],
      [[{ distance: 0, length: 4 }], undefined, 4],
    ],
  );
  assert.deepEqual([...(batch?.units[0]?.code.subarray(4) ?? [])], [...ram.subarray(0, 4)]);
});

test("what can't be compiled is left out; where nothing can, there is no module", () => {
  write();
  new DataView(memory.buffer, RAM_OFFSET).setUint16(4094, 3, true);
  const straddling = { address: RAM_BASE + 4094, mode: MODE.machine, shape: "block" } as const;
  assert.equal(compileBatch(memory, [straddling]), undefined);
  const batch = compileBatch(memory, [straddling, { ...straddling, address: RAM_BASE + AT }]);
  assert.deepEqual(
    batch?.units.map(({ address }) => address),
    [RAM_BASE + AT],
  );
});
