import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { readConsoleTimes } from "./console-times.ts";

/** A console that says each piece at its time, and the clock that goes with it. */
function consoleOf(pieces: readonly (readonly [number, string])[]): Parameters<typeof readConsoleTimes> {
  let time = 0;
  async function* say(): AsyncGenerator<Uint8Array> {
    for (const [at, text] of pieces) {
      time = at;
      yield Buffer.from(text);
    }
  }
  return [say(), { startedAt: 500, now: () => time }];
}

test("a workload's time runs from the line that says its begin to the line that says its end, however they come in pieces", async () => {
  const { bootSeconds, workloads } = await readConsoleTimes(
    ...consoleOf([
      [600, "[    0.1] a kernel's line\r\n@rea"],
      [1500, "dy\r\n@begin sort\r\n"],
      [3000, "@end sort 0\r"],
      [3500, "\n@output sort checksum 12\r\n@begin fail\r\n@end fail 3\r\n@done\r\n"],
    ]),
  );
  equal(bootSeconds, 1);
  deepEqual(
    [...workloads],
    [
      ["sort", { seconds: 2, status: 0, output: ["checksum 12"] }],
      ["fail", { seconds: 0, status: 3, output: [] }],
    ],
  );
});

test("a machine that ends before its workloads is an error, with its last words", async () => {
  await rejects(readConsoleTimes(...consoleOf([[600, "@ready\n@begin sort\n@end sort 0\nKernel panic"]])), {
    message: "The machine ended before its workloads did; 1 had. Its console's last words: Kernel panic",
  });
});
