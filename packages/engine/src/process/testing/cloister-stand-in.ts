// A program for the guardian's test: starts a guardian and a process, says the guardian's number, and waits to be killed.
// Arguments: the marker, and the shell command to start.
import { startGuardian, startProcess } from "../index.ts";

const [marker = "", shell = ""] = process.argv.slice(2);
const guardian = startGuardian(marker);
const running = startProcess({
  shell,
  cwd: process.cwd(),
  env: { PATH: process.env["PATH"] ?? "" },
  marker: `${marker}:1`,
});
process.stdout.write(`${guardian.pid}\n`);
await running.exit;
