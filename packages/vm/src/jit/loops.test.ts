import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { innermostLoops } from "./loops.ts";
import { structureOf } from "./structure.ts";

type Graph = readonly (readonly number[])[];

function loopsOf(graph: Graph): readonly (readonly [head: number, ...blocks: number[]])[] {
  return innermostLoops(graph, structureOf(graph)).map(({ head, blocks }) => [
    head,
    ...blocks.toSorted((a, b) => a - b),
  ]);
}

for (const [name, graph, loops] of [
  ["no loop has none", [[1], []], []],
  ["a block that goes back to itself is one", [[1], [1, 2], []], [[1, 1]]],
  [
    "what is between head and edge back belongs to it, what leaves it does not",
    [[1], [2, 3], [4, 5], [4], [1], []],
    [[1, 1, 2, 3, 4]],
  ],
  ["of two loops one in the other, the inner one", [[1], [2], [2, 3], [1, 4], []], [[2, 2]]],
  [
    "of an inner and an outer loop with one head, both edges",
    [[0, 1], [0]],
    [
      [0, 0],
      [0, 0, 1],
    ],
  ],
  ["an edge into the middle makes none", [[1, 2], [2], [1, 3], []], []],
  ["a loop that is not reached is none", [[], [1]], []],
] as const)
  test(`innermost loops: ${name}`, () => {
    assert.deepEqual(loopsOf(graph), loops);
  });

const graphs: fc.Arbitrary<Graph> = fc
  .integer({ min: 1, max: 9 })
  .chain((count) =>
    fc.array(fc.array(fc.nat({ max: count - 1 }), { maxLength: 2 }), { minLength: count, maxLength: count }),
  );

test("a loop is entered at its head alone, and those of two heads have no block in common", () => {
  const check = fc.property(graphs, (graph) => {
    const { position } = structureOf(graph);
    const loops = innermostLoops(graph, structureOf(graph));
    for (const { head, blocks } of loops) {
      graph.forEach((successors, from) => {
        if (position[from] === -1 || blocks.includes(from)) return;
        assert.ok(
          successors.every((next) => next === head || !blocks.includes(next)),
          `from ${from}`,
        );
      });
      for (const other of loops)
        if (other.head !== head) assert.ok(!blocks.some((block) => other.blocks.includes(block)));
    }
  });
  fc.assert(check, { numRuns: 2000 });
});
