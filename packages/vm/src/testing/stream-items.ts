import { chooseWeighted, type Snippet, type StreamContext } from "./stream-context.ts";
import * as control from "./stream-control.ts";
import * as operations from "./stream-operations.ts";
import * as system from "./stream-system.ts";

type Weighted = readonly (readonly [weight: number, snippet: Snippet])[];

/** Straight code. */
const LEAVES: Weighted = [
  [40, operations.arithmetic],
  [18, operations.computation],
  [12, operations.load],
  [10, operations.store],
  [6, operations.floatAccess],
  [4, operations.stackAccess],
  [10, operations.constant],
  [4, system.atomic],
  [3, system.reservation],
  [3, system.csr],
  [3, system.floatControl],
  [1, system.fence],
];

/** Straight code with traps, each of which runs a handler. */
const TRAPS: Weighted = [
  [2, system.trap],
  [2, system.fault],
];

const CONTROL: Weighted = [
  [7, control.skip],
  [5, control.skipShort],
  [8, control.loop],
  [8, control.call],
  [2, control.recursion],
  [2, control.escape],
  [2, control.patch],
  [3, control.choose],
  [1, control.pageEnd],
];

/** What a trap costs, in instructions. */
const TRAP_COST = 45;

/** Emits one piece of straight code. */
function emitLeaf(context: StreamContext): void {
  const { assembler, random, turns, budget } = context;
  if (random.chance(4)) {
    chooseWeighted(random, TRAPS)(context);
    budget.left -= turns * TRAP_COST;
    return;
  }
  const before = assembler.count;
  chooseWeighted(random, LEAVES)(context);
  budget.left -= turns * (assembler.count - before);
}

/** Emits straight code, a branch, a loop or a call. */
function emitItem(context: StreamContext): void {
  const { random, depth, budget, turns } = context;
  if (depth > 0 && budget.left > turns * 100 && random.chance(25)) chooseWeighted(random, CONTROL)(context);
  else emitLeaf(context);
}

/** What random programs are filled with. */
export const EMIT: StreamContext["emit"] = { leaf: emitLeaf, item: emitItem };
