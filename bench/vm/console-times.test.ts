import { deepEqual, rejects } from "node:assert/strict";
import { test } from "node:test";
import { readConsoleTimes } from "./console-times.ts";

/** A console that says each piece at its time in s, and the meter that goes with it: half of the time a processor is at work. */
function consoleOf(pieces: readonly (readonly [number, string])[]): Parameters<typeof readConsoleTimes> {
  let seconds = 0;
  async function* say(): AsyncGenerator<Uint8Array> {
    for (const [at, text] of pieces) {
      seconds = at;
      yield Buffer.from(text);
    }
  }
  return [say(), () => ({ seconds, processorSeconds: seconds / 2 })];
}

test("a workload's time runs from the line that says its begin to the line that says its end, however they come in pieces", async () => {
  const { boot, workloads } = await readConsoleTimes(
    ...consoleOf([
      [0.5, "[    0.1] a kernel's line\r\n@rea"],
      [1, "dy\r\n@begin sort\r\n"],
      [2, "@end sort 0\r"],
      [3, "\n@output sort checksum 12\r\n@begin fail\r\n@end fail 3\r\n@done\r\n"],
    ]),
  );
  deepEqual(boot, { seconds: 1, processorSeconds: 0.5 });
  deepEqual(
    [...workloads],
    [
      ["sort", { seconds: 2, processorSeconds: 1, status: 0, output: ["checksum 12"] }],
      ["fail", { seconds: 0, processorSeconds: 0, status: 3, output: [] }],
    ],
  );
});

test("a machine that says again that it is ready was ready the first time", async () => {
  const { boot } = await readConsoleTimes(
    ...consoleOf([
      [1, "@ready\n"],
      [2, "@ready\n@done\n"],
    ]),
  );
  deepEqual(boot, { seconds: 1, processorSeconds: 0.5 });
});

test("a machine that ends before its workloads is an error, with its last words", async () => {
  await rejects(readConsoleTimes(...consoleOf([[0.6, "@ready\n@begin sort\n@end sort 0\nKernel panic"]])), {
    message: "The machine ended before its workloads did; 1 had. Its console's last words: Kernel panic",
  });
});
