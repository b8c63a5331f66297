import assert from "node:assert/strict";
import { suite, test } from "node:test";
import * as fc from "fast-check";
import { FairQueue, type Turn } from "./fair-queue.ts";

type Item = { readonly turn: Turn; readonly number: number };

function fill(turns: readonly (readonly [string, number])[]): FairQueue<Item> {
  const queue = new FairQueue<Item>();
  for (const [number, [run, iteration]] of turns.entries()) {
    const turn = { run, iteration };
    queue.push(turn, { turn, number });
  }
  return queue;
}

function drain(queue: FairQueue<Item>): Item[] {
  const items: Item[] = [];
  for (let item = queue.shift(); item !== undefined; item = queue.shift()) items.push(item);
  return items;
}

suite("a fair queue", () => {
  test("serves runs in turn, their iterations in turn, and an iteration in order", () => {
    const queue = fill([
      ["a", 1],
      ["a", 1],
      ["a", 2],
      ["a", 1],
      ["b", 3],
      ["b", 3],
    ]);
    assert.deepEqual(
      drain(queue).map(({ number }) => number),
      [0, 4, 2, 5, 1, 3],
    );
  });

  test("forgets who left, and does not mind one that is not there", () => {
    const queue = fill([
      ["a", 1],
      ["b", 1],
    ]);
    const first = queue.shift();
    assert.ok(first !== undefined);
    queue.remove(first.turn, first);
    assert.equal(queue.size, 1);
    const rest = { turn: { run: "a", iteration: 1 }, number: 2 };
    queue.push(rest.turn, rest);
    queue.remove(rest.turn, rest);
    assert.deepEqual(
      drain(queue).map(({ number }) => number),
      [1],
    );
    assert.equal(queue.size, 0);
  });

  const turns = fc.record({ run: fc.constantFrom("a", "b", "c", "d"), iteration: fc.nat({ max: 2 }) });
  const steps = fc.array(
    fc.oneof({ weight: 2, arbitrary: turns }, { weight: 1, arbitrary: fc.constant("shift" as const) }),
    {
      maxLength: 200,
    },
  );

  test("lets no run wait for more than one turn of each other run", () => {
    fc.assert(
      fc.property(steps, (script) => {
        const queue = new FairQueue<Item>();
        const waiting: Item[] = [];
        /** By run that waits: whom it saw served since its own last turn, or since it began to wait. */
        const overtakers = new Map<string, string[]>();
        const serve = (): void => {
          const item = queue.shift();
          assert.equal(item === undefined, waiting.length === 0);
          if (item === undefined) return;
          const { run, iteration } = item.turn;
          const first = waiting.find(({ turn }) => turn.run === run && turn.iteration === iteration);
          assert.equal(item, first, "in an iteration the first is served first");
          waiting.splice(waiting.indexOf(item), 1);
          overtakers.delete(run);
          for (const seen of overtakers.values()) {
            assert.ok(!seen.includes(run), "served twice before another that waits");
            seen.push(run);
          }
          if (waiting.some(({ turn }) => turn.run === run)) overtakers.set(run, []);
        };
        for (const [number, step] of script.entries()) {
          if (step === "shift") serve();
          else {
            const item = { turn: step, number };
            queue.push(step, item);
            waiting.push(item);
            if (!overtakers.has(step.run)) overtakers.set(step.run, []);
          }
        }
        while (waiting.length > 0) serve();
        assert.equal(queue.size, 0);
      }),
    );
  });

  test("holds exactly those that were pushed and neither served nor removed", () => {
    fc.assert(
      fc.property(fc.array(turns, { maxLength: 50 }), fc.array(fc.nat({ max: 60 })), (script, leaving) => {
        const queue = new FairQueue<Item>();
        const items = script.map((turn, number) => ({ turn, number }));
        for (const item of items) queue.push(item.turn, item);
        const left = new Set(leaving.filter((number) => number < items.length));
        for (const item of items) if (left.has(item.number)) queue.remove(item.turn, item);
        const expected = items.map(({ number }) => number).filter((number) => !left.has(number));
        assert.equal(queue.size, expected.length);
        assert.deepEqual(new Set(drain(queue).map(({ number }) => number)), new Set(expected));
      }),
    );
  });
});
