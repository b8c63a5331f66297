/** Records exchanges without end into the folder given, and says each time that one was handed over. For tests that kill it. */
import { randomBytes } from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { createRecorder } from "../recorder.ts";
import { sampleRequest } from "./samples.ts";

const [folder = ""] = process.argv.slice(2);
const onProblem = (line: string): void => void process.stderr.write(line);
const recorder = createRecorder({ folder, redact: (text) => text, onProblem });
for (let count = 1; ; count += 1) {
  const handle = recorder.begin(sampleRequest({ id: String(count) }));
  handle.head(200, {});
  handle.chunk(randomBytes(20_000));
  handle.end(true);
  process.stdout.write(`${count}\n`);
  await setImmediate();
}
