import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { type Structure, structureOf } from "./structure.ts";

type Graph = readonly (readonly number[])[];

/** Blocks that are reached from the entry, without passing one. */
function reached(graph: Graph, without = -1): ReadonlySet<number> {
  const found = new Set<number>();
  const waiting = without === 0 ? [] : [0];
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    if (found.has(block)) continue;
    found.add(block);
    waiting.push(...(graph[block] ?? []).filter((next) => next !== without));
  }
  return found;
}

/** By definition: every way to `other` passes `block`. */
function dominatesByDefinition(graph: Graph, block: number, other: number): boolean {
  return block === other || !reached(graph, block).has(other);
}

/** The dominator that all others dominate. */
function immediateDominator(graph: Graph, block: number, all: ReadonlySet<number>): number | undefined {
  const strict = [...all].filter((other) => other !== block && dominatesByDefinition(graph, other, block));
  return strict.find((candidate) => strict.every((other) => dominatesByDefinition(graph, other, candidate)));
}

const graphs: fc.Arbitrary<Graph> = fc
  .integer({ min: 1, max: 9 })
  .chain((count) =>
    fc.array(fc.array(fc.nat({ max: count - 1 }), { maxLength: 2 }), { minLength: count, maxLength: count }),
  );

function forEachGraph(check: (graph: Graph, structure: Structure, all: ReadonlySet<number>) => void): void {
  const property = fc.property(graphs, (graph) => check(graph, structureOf(graph), reached(graph)));
  fc.assert(property, { numRuns: 500 });
}

test("blocks that are reached have positions, the entry the first; no other has one", () => {
  forEachGraph((graph, { position }, all) => {
    assert.equal(position[0], 0);
    const positions = [...all].map((block) => position[block] ?? -1).toSorted((a, b) => a - b);
    assert.deepEqual(
      positions,
      [...all.keys()].map((_, index) => index),
    );
    graph.forEach((_, block) => assert.equal((position[block] ?? -1) >= 0, all.has(block)));
  });
});

test("a block dominates another where every way there leads through it", () => {
  forEachGraph((graph, { dominates }, all) => {
    for (const block of all)
      for (const other of all) assert.equal(dominates(block, other), dominatesByDefinition(graph, block, other));
  });
});

test("a dominator stands before what it dominates", () => {
  forEachGraph((graph, { position }, all) => {
    for (const block of all)
      for (const other of all)
        if (block !== other && dominatesByDefinition(graph, block, other))
          assert.ok((position[block] ?? 0) < (position[other] ?? 0));
  });
});

test("merges are what several forward edges reach: each under its immediate dominator, the last in the order first", () => {
  forEachGraph((graph, { position, merges, isMerge }, all) => {
    const at = (block: number): number => position[block] ?? -1;
    for (const block of all) {
      const forward = [...all].flatMap((origin) =>
        (graph[origin] ?? []).filter((next) => next === block && at(origin) < at(block)),
      );
      assert.equal(isMerge[block], forward.length > 1);
    }
    const expected = graph.map((_, dominator) =>
      [...all]
        .filter((block) => isMerge[block] && immediateDominator(graph, block, all) === dominator)
        .toSorted((a, b) => at(b) - at(a)),
    );
    assert.deepEqual(merges, expected);
  });
});

test("loops' heads are blocks that dominate the origin of an edge to them", () => {
  forEachGraph((graph, { isLoop }, all) => {
    for (const block of all) {
      const origins = [...all].filter((origin) => graph[origin]?.includes(block));
      assert.equal(
        isLoop[block],
        origins.some((origin) => dominatesByDefinition(graph, block, origin)),
      );
    }
  });
});

test("an edge that goes back to a block that does not dominate its origin makes no loop: the graph is irreducible", () => {
  const { isLoop, dominates, position } = structureOf([[1, 2], [2], [1]]);
  assert.deepEqual(isLoop, [false, false, false]);
  assert.equal(dominates(1, 2) || dominates(2, 1), false);
  assert.deepEqual(
    position.toSorted((a, b) => a - b),
    [0, 1, 2],
  );
});
