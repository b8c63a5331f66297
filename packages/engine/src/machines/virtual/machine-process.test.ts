import { deepEqual, equal, rejects } from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { findProcess, killProcesses, startProcess, stateOfProcess } from "./machine-process.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-process-"));
after(() => rmSync(folder, { recursive: true }));

test("a machine is what its process says, and stopped where that has ended or ends in place of an answer", async () => {
  equal(await stateOfProcess(folder, () => Promise.reject(new Error("nobody is asked"))), "stopped");
  const argv = ["sleep", "600"];
  const started = await startProcess({ argv, folder, env: { PATH: process.env["PATH"] ?? "" }, log: "log" });
  deepEqual(findProcess(folder), started);
  equal(await stateOfProcess(folder, () => Promise.resolve("paused")), "paused");
  const busy = new Error("it is busy");
  await rejects(
    stateOfProcess(folder, () => Promise.reject(busy)),
    busy,
  );
  const ending = async (): Promise<never> => {
    void killProcesses([started]);
    return Promise.reject(new Error("the connection was reset"));
  };
  equal(await stateOfProcess(folder, ending), "stopped");
});
