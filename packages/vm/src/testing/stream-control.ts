import type { Label } from "./assembler.ts";
import { encodeWord } from "./encoder.ts";
import { destination, emitItems, type Snippet, source, type StreamContext } from "./stream-context.ts";
import { arithmetic } from "./stream-operations.ts";
import { ROLE } from "./stream-layout.ts";

const BRANCHES = ["beq", "bne", "blt", "bge", "bltu", "bgeu"];

/** A branch over some instructions. */
export const skip: Snippet = (context) => {
  const { assembler, random } = context;
  const after = assembler.label();
  const rs2 = random.chance(40) ? 0 : source(random);
  assembler.jump(random.pick(BRANCHES), { rs1: source(random), rs2 }, after);
  emitItems({ ...context, depth: context.depth - 1 }, random.between(1, 5));
  assembler.bind(after);
};

/** A branch over a few instructions that do nothing but set registers. */
export const skipShort: Snippet = (context) => {
  const { assembler, random } = context;
  const after = assembler.label();
  assembler.jump(random.pick(BRANCHES), { rs1: source(random), rs2: source(random) }, after);
  for (let count = random.between(1, 4); count > 0; count--) arithmetic(context);
  assembler.bind(after);
};

/** Counts down to 0 in one of the ways that compilers write. */
function turnBack({ assembler, random }: StreamContext, counter: number, start: Label): void {
  assembler.op("addi", { rd: counter, rs1: counter, immediate: -1 });
  if (random.chance(60)) assembler.jump("bne", { rs1: counter, rs2: 0 }, start);
  else if (random.chance(50)) assembler.jump("blt", { rs1: 0, rs2: counter }, start);
  else {
    const after = assembler.label();
    assembler.jump("beq", { rs1: counter, rs2: 0 }, after);
    assembler.jump("jal", { rd: 0 }, start);
    assembler.bind(after);
  }
}

/** Runs a body so many times. @param count 1 to 2047 */
function repeat(context: StreamContext, count: number, body: (inner: StreamContext) => void): void {
  const [counter, ...counters] = context.counters;
  if (counter === undefined) return;
  const { assembler, turns, depth } = context;
  assembler.op("addi", { rd: counter, rs1: 0, immediate: count });
  const start = assembler.here();
  body({ ...context, counters, turns: turns * count, depth: depth - 1 });
  turnBack(context, counter, start);
}

/** How often a loop turns: hot where that costs not too much. */
function chooseTurns({ random, turns, budget }: StreamContext): number {
  const most = Math.max(1, Math.floor(budget.left / turns / 60));
  return Math.min(most, random.chance(35) ? random.between(200, 320) : random.between(1, 8));
}

/** A loop. */
export const loop: Snippet = (context) => {
  repeat(context, chooseTurns(context), (inner) => emitItems(inner, context.random.between(1, 8)));
};

/** A loop that is hot for certain. */
export const hotLoop: Snippet = (context) => {
  repeat(context, 220, (inner) => emitItems(inner, 8));
};

/** Calls a function. */
export const call: Snippet = (context) => {
  const { random, functions, turns, budget } = context;
  const affordable = functions.filter(({ cost }) => cost * turns < budget.left / 2);
  if (affordable.length === 0) return context.emit.leaf(context);
  const chosen = random.pick(affordable);
  budget.left -= chosen.cost * turns;
  chosen.call(context);
};

/** Puts code aside, to be jumped to. */
function aside({ assembler, random }: StreamContext, body: () => void): void {
  const after = assembler.label();
  assembler.jump("jal", { rd: 0 }, after);
  if (random.chance(15)) assembler.padTo(4096 - 2 * random.between(1, 12));
  body();
  assembler.bind(after);
}

/** The rest goes on at the end of a page: an instruction may lie across. */
export const pageEnd: Snippet = ({ assembler, random }) => {
  const after = assembler.label();
  assembler.jump("jal", { rd: 0 }, after);
  assembler.padTo(4096 - 2 * random.between(1, 12));
  assembler.bind(after);
};

/** Calls by a register's address. */
export function callIndirectly({ assembler }: StreamContext, target: Label): void {
  assembler.address(ROLE.address, target);
  assembler.op("jalr", { rd: ROLE.link, rs1: ROLE.address, immediate: 0 });
}

const FRAME_BYTES = 64;

/** A function's frame around a body. */
export function inFrame({ assembler }: StreamContext, body: () => void): void {
  assembler.op("addi", { rd: ROLE.stack, rs1: ROLE.stack, immediate: -FRAME_BYTES });
  assembler.op("sd", { rs2: ROLE.link, rs1: ROLE.stack, immediate: 0 });
  body();
  assembler.op("ld", { rd: ROLE.link, rs1: ROLE.stack, immediate: 0 });
  assembler.op("addi", { rd: ROLE.stack, rs1: ROLE.stack, immediate: FRAME_BYTES });
  assembler.op("jalr", { rd: 0, rs1: ROLE.link, immediate: 0 });
}

/** Calls itself, down to a depth. */
export const recursion: Snippet = (context) => {
  const { assembler, random, turns, budget } = context;
  const depth = random.between(1, turns * 120 * 20 < budget.left ? 120 : 4);
  const inner = { ...context, turns: turns * depth };
  const start = assembler.label();
  aside(context, () => {
    assembler.bind(start);
    inFrame(context, () => recursiveBody(inner, start));
  });
  assembler.op("addi", { rd: ROLE.recursion, rs1: 0, immediate: depth });
  assembler.jump("jal", { rd: ROLE.link }, start);
};

function recursiveBody(context: StreamContext, start: Label): void {
  const { assembler, random } = context;
  const end = assembler.label();
  for (let count = random.below(3); count > 0; count--) context.emit.leaf(context);
  assembler.op("addi", { rd: ROLE.recursion, rs1: ROLE.recursion, immediate: -1 });
  assembler.jump("bge", { rs1: 0, rs2: ROLE.recursion }, end);
  if (random.chance(50)) assembler.jump("jal", { rd: ROLE.link }, start);
  else callIndirectly(context, start);
  for (let count = random.below(3); count > 0; count--) context.emit.leaf(context);
  assembler.bind(end);
}

/** Where the stack pointer is kept while calls that may not return are under way: the block's last saved register. */
const SAVED_STACK = 56;

/** Calls several functions, one out of the other; the innermost returns, or jumps out of all of them. */
export const escape: Snippet = (context) => {
  const { assembler, random } = context;
  const [landing, functions] = [
    assembler.label(),
    Array.from({ length: random.between(1, 4) }, () => assembler.label()),
  ];
  aside(context, () => functions.forEach((label, index) => nested(context, label, functions[index + 1])));
  assembler.op("sd", { rs2: ROLE.stack, rs1: ROLE.block, immediate: SAVED_STACK });
  assembler.address(ROLE.escape, landing);
  const [first] = functions;
  if (first !== undefined) assembler.jump("jal", { rd: ROLE.link }, first);
  assembler.bind(landing);
  assembler.op("ld", { rd: ROLE.stack, rs1: ROLE.block, immediate: SAVED_STACK });
};

function nested(context: StreamContext, label: Label, next: Label | undefined): void {
  const { assembler, random } = context;
  assembler.bind(label);
  inFrame(context, () => {
    emitPlain(context);
    if (next !== undefined) assembler.jump("jal", { rd: ROLE.link }, next);
    else {
      const returns = assembler.label();
      assembler.jump(random.pick(BRANCHES), { rs1: source(random), rs2: source(random) }, returns);
      assembler.op("jalr", { rd: 0, rs1: ROLE.escape, immediate: 0 });
      assembler.bind(returns);
    }
    emitPlain(context);
  });
}

/** Something that leaves all registers with a role alone. */
function emitPlain({ assembler, random }: StreamContext): void {
  assembler.op(random.pick(["add", "xor", "sub"]), {
    rd: destination(random),
    rs1: source(random),
    rs2: source(random),
  });
}

function plainWord({ random }: StreamContext): number {
  const fields = { rd: destination(random), rs1: source(random), rs2: source(random) };
  return encodeWord(random.pick(["add", "sub", "xor", "and", "mul", "sltu", "rol"]), fields);
}

/** Changes an instruction, several times, and runs it in between: once, or until it is hot. */
export const patch: Snippet = (context) => {
  const { assembler, random, turns, budget } = context;
  const [table, slot, start] = [assembler.label(), assembler.label(), assembler.label()];
  const patches = random.between(2, 5);
  aside(context, () => {
    assembler.bind(table);
    for (let count = 0; count < patches; count++) assembler.raw(plainWord(context), 4);
  });
  const isFunction = random.chance(60);
  const body = (inner: StreamContext): void => {
    assembler.bind(slot);
    assembler.raw(plainWord(context), 4);
    emitPlain(inner);
  };
  if (isFunction)
    aside(context, () => {
      assembler.bind(start);
      inFrame(context, () => body(context));
    });
  const isHot = turns * patches * 3000 < budget.left;
  assembler.address(ROLE.recursion, table);
  repeat(context, patches, (inner) => {
    applyPatch(inner, slot);
    const run = (innermost: StreamContext): void =>
      isFunction ? assembler.jump("jal", { rd: ROLE.link }, start) : body(innermost);
    if (inner.counters.length === 0) run(inner);
    else repeat(inner, isHot ? 210 : 2, run);
  });
  budget.left -= turns * patches * (isHot ? 3000 : 60);
};

function applyPatch({ assembler }: StreamContext, slot: Label): void {
  assembler.op("lw", { rd: ROLE.address, rs1: ROLE.recursion, immediate: 0 });
  assembler.op("addi", { rd: ROLE.recursion, rs1: ROLE.recursion, immediate: 4 });
  assembler.address(ROLE.escape, slot);
  assembler.op("sw", { rs2: ROLE.address, rs1: ROLE.escape, immediate: 0 });
  assembler.op("fence.i");
}

/** One of several bodies, by a jump to a computed address. */
export const choose: Snippet = (context) => {
  const { assembler, random } = context;
  const [table, after] = [assembler.label(), assembler.label()];
  assembler.address(ROLE.address, table);
  assembler.op("andi", { rd: 5, rs1: source(random), immediate: 3 });
  assembler.op("sh3add", { rd: ROLE.address, rs1: 5, rs2: ROLE.address });
  assembler.op("jalr", { rd: 0, rs1: ROLE.address, immediate: 0 });
  assembler.bind(table);
  for (let index = 0; index < 4; index++) {
    assembler.raw(plainWord(context), 4);
    assembler.raw(index < 2 ? encodeWord("jal", { rd: 0, immediate: 4 + (3 - index) * 8 }) : plainWord(context), 4);
  }
  assembler.bind(after);
  context.emit.item(context);
};
