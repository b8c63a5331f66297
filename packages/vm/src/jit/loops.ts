import type { Structure } from "./structure.ts";

/** What one edge back makes a loop of (a natural loop), without another loop's head in it. Edges back to the same head make one each. */
export type Loop = {
  /** The block that it begins with. */
  readonly head: number;
  /** All of its blocks: those from which the edge is reached without passing the head. */
  readonly blocks: readonly number[];
};

/** Finds the innermost loops of a graph. @param successors of each block */
export function innermostLoops(
  successors: readonly (readonly number[])[],
  { position, isLoop, dominates }: Structure,
): readonly Loop[] {
  const predecessors = successors.map((): number[] => []);
  for (const [block, list] of successors.entries())
    if (position[block] !== -1) for (const next of list) predecessors[next]?.push(block);
  const loops = predecessors.flatMap((origins, head) =>
    origins
      .filter((origin) => isLoop[head] && dominates(head, origin))
      .map((origin) => ({ head, blocks: blocksOf(head, origin, predecessors) })),
  );
  return loops.filter(({ head, blocks }) => blocks.every((block) => block === head || !isLoop[block]));
}

function blocksOf(head: number, origin: number, predecessors: readonly (readonly number[])[]): readonly number[] {
  const blocks = new Set([head]);
  const waiting = [origin];
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    if (blocks.has(block)) continue;
    blocks.add(block);
    waiting.push(...(predecessors[block] ?? []));
  }
  return [...blocks];
}
