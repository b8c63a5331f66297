/**
 * Order of a control-flow graph's blocks for WebAssembly's structured control flow, by dominators: N. Ramsey, "Beyond Relooper:
 * recursive translation of unstructured control flow to structured control flow" (ICFP 2022); dominators by K. Cooper, T. Harvey and
 * K. Kennedy, "A simple, fast dominance algorithm" (2001).
 */
export type Structure = {
  /** Position of each block in reverse postorder; -1 for blocks that are not reached. */
  readonly position: readonly number[];
  /** Blocks that a block immediately dominates and that several forward edges reach: from the last to the first in reverse postorder. */
  readonly merges: readonly (readonly number[])[];
  /** Blocks to which an edge goes back. */
  readonly isLoop: readonly boolean[];
  /** Blocks that several forward edges reach. */
  readonly isMerge: readonly boolean[];
  /** True where an edge can be a branch: forward, or back to a block that dominates its origin. */
  readonly dominates: (block: number, other: number) => boolean;
};

/** Finds the structure of a graph whose entry is block 0. @param successors of each block */
export function structureOf(successors: readonly (readonly number[])[]): Structure {
  const order = reversePostorder(successors);
  const position = successors.map(() => -1);
  order.forEach((block, index) => (position[block] = index));
  const predecessors = successors.map((): number[] => []);
  for (const block of order) for (const next of successors[block] ?? []) predecessors[next]?.push(block);
  const dominator = immediateDominators(order, position, predecessors);
  const at = (block: number): number => position[block] ?? -1;
  const dominates = (block: number, other: number): boolean => {
    let walker = other;
    while (at(walker) > at(block)) walker = dominator[walker] ?? 0;
    return walker === block;
  };
  const forward = predecessors.map((list, block) => list.filter((origin) => at(origin) < at(block)).length);
  const isMerge = forward.map((count) => count > 1);
  const isLoop = predecessors.map((list, block) =>
    list.some((origin) => at(origin) >= at(block) && dominates(block, origin)),
  );
  const merges = successors.map((): number[] => []);
  for (const block of order.toReversed()) if (isMerge[block]) merges[dominator[block] ?? 0]?.push(block);
  return { position, merges, isLoop, isMerge, dominates };
}

function reversePostorder(successors: readonly (readonly number[])[]): readonly number[] {
  const postorder: number[] = [];
  const seen = new Set([0]);
  const stack: { block: number; next: number }[] = [{ block: 0, next: 0 }];
  for (let top = stack.at(-1); top; top = stack.at(-1)) {
    const next = successors[top.block]?.[top.next++];
    if (next === undefined) {
      postorder.push(top.block);
      stack.pop();
    } else if (!seen.has(next)) {
      seen.add(next);
      stack.push({ block: next, next: 0 });
    }
  }
  return postorder.toReversed();
}

function immediateDominators(
  order: readonly number[],
  position: readonly number[],
  predecessors: readonly (readonly number[])[],
): readonly number[] {
  const dominator: number[] = position.map(() => -1);
  dominator[0] = 0;
  const at = (block: number): number => position[block] ?? -1;
  const meet = (a: number, b: number): number => {
    let [left, right] = [a, b];
    while (left !== right) {
      while (at(left) > at(right)) left = dominator[left] ?? 0;
      while (at(right) > at(left)) right = dominator[right] ?? 0;
    }
    return left;
  };
  for (let changed = true; changed;) {
    changed = false;
    for (const block of order.slice(1)) {
      const known = (predecessors[block] ?? []).filter((origin) => (dominator[origin] ?? -1) !== -1);
      const best = known.reduce(meet);
      if (dominator[block] === best) continue;
      dominator[block] = best;
      changed = true;
    }
  }
  return dominator;
}
