import assert from "node:assert/strict";
import { test } from "node:test";
import { VirtualClock } from "./virtual-clock.ts";

/** A clock, and a list of what it called. */
function createLog(): {
  readonly clock: VirtualClock;
  readonly log: string[];
  note: (name: string, at: number) => () => void;
} {
  const clock = new VirtualClock();
  const log: string[] = [];
  return { clock, log, note: (name, at) => clock.schedule(at, () => log.push(`${name}@${clock.now()}`)) };
}

test("timers are called by time, and those of one time in the order in which they were asked for", () => {
  const { clock, log, note } = createLog();
  for (const [name, at] of [
    ["late", 30],
    ["first", 10],
    ["second", 10],
    ["middle", 20],
  ] as const)
    note(name, at);
  assert.equal(clock.next(), 10);
  clock.moveTo(9);
  assert.deepEqual(log, []);
  clock.moveTo(20);
  assert.deepEqual(log, ["first@20", "second@20", "middle@20"]);
  assert.equal(clock.next(), 30);
});

test("time never goes back", () => {
  const { clock } = createLog();
  clock.moveTo(5);
  clock.moveTo(3);
  assert.equal(clock.now(), 5);
});

test("a clock that follows a source goes on by itself, never back, and calls nobody before it is moved on", () => {
  const { clock, log, note } = createLog();
  clock.moveTo(10);
  note("due", 15);
  let time = 8;
  clock.follow(() => time);
  assert.equal(clock.now(), 10);
  time = 20;
  assert.equal(clock.now(), 20);
  assert.deepEqual(log, []);
  clock.moveTo(20);
  assert.deepEqual(log, ["due@20"]);
  time = 30;
  clock.follow(undefined);
  assert.equal(clock.now(), 20);
});

test("a timer that is taken back is not called; taking it back again changes nothing", () => {
  const { clock, log, note } = createLog();
  const takeBack = note("gone", 10);
  note("stays", 10);
  takeBack();
  takeBack();
  clock.moveTo(10);
  assert.deepEqual(log, ["stays@10"]);
});

test("a timer of the past is called at the next move, once", () => {
  const { clock, log, note } = createLog();
  clock.moveTo(100);
  note("past", 50);
  clock.moveTo(100);
  clock.moveTo(100);
  assert.deepEqual(log, ["past@100"]);
});

test("who asks again for at once is called at the next move, not for ever in this one", () => {
  const { clock } = createLog();
  let calls = 0;
  const again = (): void => {
    calls++;
    clock.schedule(clock.now(), again);
  };
  clock.schedule(1, again);
  clock.moveTo(1);
  assert.equal(calls, 1);
  clock.moveTo(1);
  assert.equal(calls, 2);
});

test("a restored clock has its time, and no timers", () => {
  const { clock, log, note } = createLog();
  note("old", 10);
  clock.restore(7);
  assert.equal(clock.now(), 7);
  assert.equal(clock.next(), Infinity);
  clock.moveTo(20);
  assert.deepEqual(log, []);
});

test("a timer that another one of the same moment takes back is not called", () => {
  const { clock, log, note } = createLog();
  let takeBack = (): void => undefined;
  clock.schedule(10, () => takeBack());
  takeBack = note("gone", 10);
  clock.moveTo(10);
  assert.deepEqual(log, []);
});
