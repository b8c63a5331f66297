import assert from "node:assert/strict";
import { test } from "node:test";
import { FunctionWriter, type FunctionType } from "./function-writer.ts";
import { encodeModule, type ModuleSpec } from "./module.ts";
import { OP, TYPE } from "./opcodes.ts";

const UNARY: FunctionType = { parameters: [TYPE.i32], results: [TYPE.i32] };

function specOf(body: Uint8Array, shared = false): ModuleSpec {
  return {
    types: [UNARY],
    imports: { memory: { pages: 1, maximum: 2, shared }, functions: [["twice", 0]] },
    functions: [[0, body]],
    exports: [["run", 1]],
  };
}

/** Runs a body of type i32 -> i32. */
function run(write: (writer: FunctionWriter) => void, argument: number): number {
  const writer = new FunctionWriter(1);
  write(writer);
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2 });
  const table = new WebAssembly.Table({ element: "anyfunc", initial: 0 });
  const host = { memory, table, twice: (value = 0) => 2 * value };
  const module = new WebAssembly.Module(encodeModule(specOf(writer.finish())));
  return (new WebAssembly.Instance(module, { host }).exports["run"] as (value: number) => number)(argument);
}

for (const shared of [false, true])
  test(`a module with ${shared ? "shared" : "own"} memory is valid`, () => {
    const writer = new FunctionWriter(1);
    writer.get(0);
    assert.ok(WebAssembly.validate(encodeModule(specOf(writer.finish(), shared))));
  });

test("a module whose body leaves nothing, where a number is promised, is not valid", () => {
  assert.equal(WebAssembly.validate(encodeModule(specOf(new FunctionWriter(1).finish()))), false);
});

test("imported functions are numbered before own ones", () => {
  const twice = (writer: FunctionWriter): void => {
    writer.get(0);
    writer.call(0);
  };
  assert.equal(run(twice, 21), 42);
});

test("locals of several types are told apart, whatever order they were asked for in", () => {
  const value = run((writer) => {
    const locals = [TYPE.i32, TYPE.i64, TYPE.i64, TYPE.i32].map((type) => writer.local(type));
    assert.deepEqual(locals, [1, 2, 3, 4]);
    writer.i64(5, 0);
    writer.set(2);
    writer.get(0);
    writer.tee(4);
    writer.get(2);
    writer.op(OP.i32WrapI64);
    writer.op(OP.i32Add);
  }, 37);
  assert.equal(value, 42);
});

/** br_table over three nested blocks, each adding what it is worth on the way out. */
function choose(writer: FunctionWriter): void {
  const sum = writer.local(TYPE.i32);
  const labels = [writer.open(OP.block), writer.open(OP.block), writer.open(OP.block)] as const;
  writer.get(0);
  writer.table([labels[2], labels[1]], labels[0]);
  for (const worth of [1, 10]) {
    writer.close();
    writer.get(sum);
    writer.i32(worth);
    writer.op(OP.i32Add);
    writer.set(sum);
  }
  writer.close();
  writer.get(sum);
}

for (const [argument, sum] of [
  [0, 11],
  [1, 10],
  [2, 0],
  [-1, 0],
] as const)
  test(`labels name blocks from the inside and from the outside: case ${argument}`, () =>
    assert.equal(run(choose, argument), sum));
