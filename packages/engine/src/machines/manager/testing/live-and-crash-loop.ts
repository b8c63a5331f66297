// A program for the crash test: leads machines through a whole life at the state folder that is its first argument, and kills itself at the
// point with the number that is its second: before or after an event is in the registry, or in the middle of an effect. Says each operation
// that has ended.
import { writeSync } from "node:fs";
import { machinePlaces } from "../../places.ts";
import { createSleepDriver } from "./sleep-driver.ts";
import { managerAt, SMALL } from "./temporary-machines.ts";

const [home = "", last = "0"] = process.argv.slice(2);
let points = 0;
const point = (): void => {
  points += 1;
  if (points === Number(last)) process.kill(process.pid, "SIGKILL");
};
const driver = createSleepDriver({ onStep: point });
const places = machinePlaces({ CLOISTER_STATE_HOME: home });
using manager = managerAt(places, { drivers: { container: () => Promise.resolve(driver) }, onEvent: point });

const life: readonly (readonly [string, () => Promise<unknown>])[] = [
  ["created", () => manager.create({ ...SMALL, name: "one" })],
  ["saved", () => manager.snapshot("one", "first", "disk")],
  ["cloned", () => manager.clone("one", { name: "two", snapshot: "first" })],
  ["forked", () => manager.fork("one", ["three", "four"])],
  ["stopped", () => manager.stop("one")],
  ["started", () => manager.start("one")],
  ["unsaved", () => manager.removeSnapshot("one", "first")],
  ["removed", () => manager.remove("two")],
];
for (const [said, act] of life) {
  await act();
  writeSync(1, `${said}\n`);
}
writeSync(1, `${points} points\n`);
