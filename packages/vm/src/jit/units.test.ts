import assert from "node:assert/strict";
import { test } from "node:test";
import { HANDLER, RECORD } from "../interpreter/records.ts";
import { MODE, type Mode, RAM_BASE, UNITS } from "../memory/layout.ts";
import { BareCore } from "../processor/testing/bare-core.ts";

const MOST_UNITS = 10;
const ADDI_T0_T0_1 = 0x00128293;
const RETURN = 0x00008067;

/** Has units compiled at places of a page, and says at which of them one is entered. */
function compilePage(core: BareCore, units: ReturnType<BareCore["createUnits"]>, page: number): readonly number[] {
  const start = RAM_BASE + page * 4096;
  core.pages.open(start / 4096, MODE.machine);
  const addresses = Array.from({ length: 8 }, (_, index) => start + index * 64);
  for (const address of addresses) {
    core.write(address, [ADDI_T0_T0_1, RETURN]);
    units.request({ address, mode: MODE.machine, shape: "block" });
    units.compileWaiting();
  }
  return addresses.flatMap((address) => {
    const record = core.pages.recordOf(address, MODE.machine);
    if (record === undefined) return [];
    const isEntered = core.view.getUint16(record + RECORD.handler, true) === HANDLER.enterUnit;
    return isEntered ? [core.view.getInt32(record + RECORD.immediate, true)] : [];
  });
}

test("units never take more records than there are: all are forgotten then, and the next ones find room again", () => {
  const core = new BareCore();
  const units = core.createUnits(MOST_UNITS);
  core.onForget = (offset) => void units.forget(offset);
  const records = [0, 1, 2, 3, 4].flatMap((page) => compilePage(core, units, page));
  assert.ok(records.length > MOST_UNITS, `expected more units than fit at one time, got ${records.length}`);
  const end = UNITS.offset + MOST_UNITS * UNITS.recordBytes;
  assert.ok(records.every((record) => record > UNITS.offset && record < end));
});

test("a page that is forgotten for one mode keeps the units that are entered in another", () => {
  const core = new BareCore();
  const units = core.createUnits(UNITS.count);
  core.onForget = (offset) => void units.forget(offset);
  const address = RAM_BASE;
  core.write(address, [ADDI_T0_T0_1, RETURN]);
  const enter = (mode: Mode): number => {
    core.pages.open(address / 4096, mode);
    units.request({ address, mode, shape: "block" });
    units.compileWaiting();
    const record = core.pages.recordOf(address, mode) ?? 0;
    return core.view.getInt32(core.view.getInt32(record + RECORD.immediate, true), true);
  };
  const kept = enter(MODE.supervisorUser);
  enter(MODE.supervisor);
  const forgotten = core.pages.open(address / 4096, MODE.supervisor);
  units.forget(forgotten);
  core.write(address + 4096, [ADDI_T0_T0_1, RETURN]);
  core.pages.open(address / 4096 + 1, MODE.machine);
  units.request({ address: address + 4096, mode: MODE.machine, shape: "block" });
  units.compileWaiting();
  const record = core.pages.recordOf(address + 4096, MODE.machine) ?? 0;
  const next = core.view.getInt32(core.view.getInt32(record + RECORD.immediate, true), true);
  assert.notEqual(next, kept, "expected the index of a unit that is still entered not to be lent again");
});

test("a place that the cache does not know is compiled when it is hot, and no sooner after its page was decoded anew", () => {
  const core = new BareCore();
  const units = core.createUnits(UNITS.count, 50);
  core.onForget = (offset) => void units.forget(offset);
  const address = RAM_BASE;
  core.write(address, [ADDI_T0_T0_1, RETURN]);
  const arrive = (): number => {
    const record = core.pages.open(address / 4096, MODE.machine);
    units.arrived(record, MODE.machine);
    units.compileWaiting();
    return core.view.getUint16(record + RECORD.counter, true);
  };
  assert.equal(arrive(), 50, "it counts until it is hot");
  core.pages.drop(address / 4096);
  assert.equal(arrive(), 50, "it counts anew");
  assert.equal(units.compiled.block, 0);
  arrive();
  assert.equal(units.compiled.block, 1);
});
