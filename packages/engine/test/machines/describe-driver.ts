import { after, before, describe, it } from "node:test";
import { CRASH_CASES } from "./cases/crashes.ts";
import { FILE_CASES } from "./cases/files.ts";
import { LIFE_CASES } from "./cases/life.ts";
import { LIMIT_CASES } from "./cases/limits.ts";
import { NETWORK_CASES } from "./cases/network.ts";
import { PROGRAM_CASES } from "./cases/programs.ts";
import { SNAPSHOT_CASES } from "./cases/snapshots.ts";
import { type DriverUnderTest, startSubject, type Subject } from "./subject.ts";

const CASES = [PROGRAM_CASES, FILE_CASES, NETWORK_CASES, LIFE_CASES, SNAPSHOT_CASES, LIMIT_CASES, CRASH_CASES];

/** The conformance suite: what every driver must do, or say that it does not. Its cases share a machine, one after the other. */
export function describeDriver(driver: DriverUnderTest): void {
  void describe(`a machine of the driver ${driver.name}`, () => {
    let subject: Subject | undefined;
    before(async () => {
      subject = await startSubject(driver);
    });
    after(() => subject?.[Symbol.asyncDispose]());
    for (const [name, run] of CASES.flatMap((group) => Object.entries(group)))
      void it(name, async (context) => {
        if (subject === undefined) throw new Error("the suite has not begun");
        await run(subject, context);
      });
  });
}
