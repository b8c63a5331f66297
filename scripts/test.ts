// Runs every test: `npm test [-- PATTERN…]`. Ends with the line "N passed, N failed".
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { join } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";

const root = join(import.meta.dirname, "..");
const patterns = process.argv.slice(2);
const files = globSync(["packages/*/{src,test}/**/*.test.ts", "scripts/**/*.test.ts"], { cwd: root })
  .filter((file) => !file.includes("__fixtures__"))
  .filter((file) => patterns.length === 0 || patterns.some((pattern) => file.includes(pattern)))
  .sort();

if (files.some((file) => file.includes("real-agents"))) {
  const installed = spawnSync(process.execPath, [join(root, "scripts", "install-agents.ts")], { stdio: "inherit" });
  if (installed.status !== 0) process.exit(installed.status ?? 1);
}

/** An emulated machine in which an agent works off a whole plan, on a busy host. */
const LONGEST_FILE_MS = 45 * 60_000;
const counts = { passed: 0, failed: 0 };
const stream = run({
  files: files.map((file) => join(root, file)),
  concurrency: 2,
  cwd: root,
  timeout: LONGEST_FILE_MS,
});
stream.on("test:summary", ({ counts: seen, file }) => {
  if (file !== undefined) return;
  counts.passed = seen.passed;
  counts.failed = seen.tests - seen.passed - seen.skipped - seen.todo;
  if (seen.skipped + seen.todo > 0) {
    process.stdout.write(`${seen.skipped + seen.todo} tests were skipped: none may be.\n`);
    counts.failed += seen.skipped + seen.todo;
  }
});
const output = stream.compose(spec);
output.pipe(process.stdout, { end: false });
output.on("end", () => {
  process.stdout.write(`\n${counts.passed} passed, ${counts.failed} failed\n`);
  process.exitCode = counts.failed > 0 || counts.passed === 0 ? 1 : 0;
});
