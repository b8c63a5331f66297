import { equal, throws } from "node:assert/strict";
import { test } from "node:test";
import { LZ4_LEGACY_MAGIC, uncompressLz4 } from "./lz4.ts";

/** One block of a frame, with its size before it. */
function block(...bytes: readonly number[]): Buffer {
  const size = Buffer.alloc(4);
  size.writeUInt32LE(bytes.length);
  return Buffer.concat([size, Buffer.from(bytes)]);
}

const A = 0x61;
const CASES: readonly { readonly name: string; readonly blocks: readonly Buffer[]; readonly is: string }[] = [
  { name: "nothing", blocks: [], is: "" },
  { name: "literals", blocks: [block(0x30, A, A + 1, A + 2)], is: "abc" },
  { name: "a match that reaches into itself", blocks: [block(0x14, A, 1, 0, 0x10, A + 1)], is: `${"a".repeat(9)}b` },
  { name: "a match some way back", blocks: [block(0x40, A, A + 1, A + 2, A + 3, 4, 0, 0x10, A)], is: "abcdabcda" },
  { name: "many literals", blocks: [block(0xf0, 5, ...Array.from({ length: 20 }, () => A))], is: "a".repeat(20) },
  { name: "a long match", blocks: [block(0x1f, A, 1, 0, 255, 1, 0x10, A)], is: "a".repeat(1 + 15 + 255 + 1 + 4 + 1) },
  { name: "two blocks", blocks: [block(0x10, A), block(0x10, A + 1)], is: "ab" },
  { name: "a size behind the last block", blocks: [block(0x10, A), Buffer.from([9, 9, 9, 9])], is: "a" },
];

for (const { name, blocks, is } of CASES) {
  test(`a frame with ${name} is uncompressed`, () => {
    equal(uncompressLz4(Buffer.concat([LZ4_LEGACY_MAGIC, ...blocks])).toString(), is);
  });
}

const DAMAGED: readonly { readonly name: string; readonly bytes: Buffer }[] = [
  { name: "a match from before the beginning", bytes: block(0x10, A, 9, 0, 0x10, A) },
  { name: "a match from nowhere", bytes: block(0x10, A, 0, 0, 0x10, A) },
  { name: "an end in the middle", bytes: block(0x1f, A, 1, 0, 255) },
  {
    name: "more than a block holds",
    bytes: block(0x1f, A, 1, 0, ...Array.from({ length: 40_000 }, () => 255), 0, 0x10, A),
  },
];

for (const { name, bytes } of DAMAGED) {
  test(`a frame with ${name} is refused`, () => {
    throws(() => uncompressLz4(Buffer.concat([LZ4_LEGACY_MAGIC, bytes])), RangeError);
  });
}
