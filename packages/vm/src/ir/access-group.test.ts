import assert from "node:assert/strict";
import { test } from "node:test";
import { OP } from "../wasm/opcodes.ts";
import { findAccessGroups } from "./access-group.ts";
import { KIND } from "./block.ts";
import { IrRecorder } from "./recorder.ts";

/** An instruction: a load or store of a register's neighbourhood, or what may stand between two. */
type Step =
  | { readonly access: "load" | "store"; readonly base: number; readonly distance: number; readonly opcode?: number }
  | { readonly set: number }
  | { readonly system: true };

/** Records the steps. @returns the groups: base, lowest, bytes, hasStore, and how many accesses there are */
function groupsOf(steps: readonly Step[]): readonly (readonly [number, number, number, boolean, number])[] {
  const recorder = new IrRecorder();
  steps.forEach((step, index) => {
    recorder.begin({ offset: index * 4, length: 4, immediate: 0, rounding: 0 });
    if ("set" in step) return recorder.set(step.set, recorder.load(OP.i64Load, recorder.get(31)));
    if ("system" in step) return recorder.system(0, recorder.constant32(0));
    const address = recorder.op(OP.i64Add, recorder.get(step.base), recorder.constant(step.distance));
    if (step.access === "load") recorder.set(20, recorder.load(step.opcode ?? OP.i64Load, address));
    else recorder.store(step.opcode ?? OP.i64Store, address, recorder.get(21));
  });
  const members = [...findAccessGroups(recorder.block)];
  for (const [index] of members) assert.ok([KIND.load, KIND.store].includes((recorder.block.kind[index] ?? 0) as 10));
  const groups = new Set(members.map(([, group]) => group));
  return [...groups].map((group) => [
    group.base,
    group.lowest,
    group.bytes,
    group.hasStore,
    members.filter(([, other]) => other === group).length,
  ]);
}

const load = (base: number, distance: number, opcode?: number): Step => ({
  access: "load",
  base,
  distance,
  ...(opcode === undefined ? {} : { opcode }),
});
const store = (base: number, distance: number): Step => ({ access: "store", base, distance });

for (const { name, steps, expected } of [
  { name: "one access alone is no group", steps: [load(2, 8)], expected: [] },
  { name: "two off one register are one", steps: [load(2, 8), load(2, 0)], expected: [[2, 0, 16, false, 2]] },
  {
    name: "a group spans from its lowest byte to the end of its highest access",
    steps: [load(2, 16, OP.i64Load8U), store(2, -32), load(2, 4, OP.i64Load32S)],
    expected: [[2, -32, 49, true, 3]],
  },
  {
    name: "a register that was set is another base",
    steps: [load(2, 0), { set: 2 }, load(2, 8), load(2, 16)],
    expected: [[2, 8, 16, false, 2]],
  },
  {
    name: "a load into its own base ends the group after it",
    steps: [load(20, 0), load(20, 8)],
    expected: [],
  },
  {
    name: "registers have groups of their own",
    steps: [load(2, 0), load(3, 0), store(2, 8), store(3, 8)],
    expected: [
      [2, 0, 16, true, 2],
      [3, 0, 16, true, 2],
    ],
  },
  {
    name: "after a system instruction a page may be another",
    steps: [load(2, 0), { system: true }, load(2, 8)],
    expected: [],
  },
  {
    name: "what lies too far away begins a new group",
    steps: [load(2, 0), load(2, 248), load(2, 256), load(2, 264)],
    expected: [
      [2, 0, 256, false, 2],
      [2, 256, 16, false, 2],
    ],
  },
] satisfies readonly {
  name: string;
  steps: readonly Step[];
  expected: readonly (readonly [number, number, number, boolean, number])[];
}[])
  test(`access groups: ${name}`, () => {
    assert.deepEqual(groupsOf(steps), expected);
  });

test("a description that stands for all operands has no groups", () => {
  const recorder = new IrRecorder();
  recorder.begin(undefined);
  const address = recorder.op(OP.i64Add, recorder.get(101), recorder.immediate());
  recorder.set(100, recorder.load(OP.i64Load, address));
  assert.equal(findAccessGroups(recorder.block).size, 0);
});
