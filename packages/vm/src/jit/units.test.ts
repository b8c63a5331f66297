import assert from "node:assert/strict";
import { test } from "node:test";
import { HANDLER, RECORD } from "../interpreter/records.ts";
import { MODE, RAM_BASE, UNITS } from "../memory/layout.ts";
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
  core.onForget = (page) => void units.forget(page);
  const records = [0, 1, 2, 3, 4].flatMap((page) => compilePage(core, units, page));
  assert.ok(records.length > MOST_UNITS, `expected more units than fit at one time, got ${records.length}`);
  const end = UNITS.offset + MOST_UNITS * UNITS.recordBytes;
  assert.ok(records.every((record) => record > UNITS.offset && record < end));
});
