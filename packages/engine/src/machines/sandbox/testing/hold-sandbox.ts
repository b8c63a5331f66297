// A program for the tests: makes a sandbox, starts a process in it that waits, says the machine's id, folder and what the process said, and waits to be killed.
// Argument: the shell command to run inside; its first line of output is passed on.
import { makeTestSandbox } from "./test-sandbox.ts";

const [program = ""] = process.argv.slice(2);
const sandbox = await makeTestSandbox();
const guest = await sandbox.open();
const { env } = sandbox.driver.surroundings(sandbox.machine);
const running = guest.exec({ argv: ["/bin/sh", "-c", program], env });
for await (const chunk of running.stdout) {
  const { id, folder } = sandbox.machine;
  process.stdout.write(`${JSON.stringify({ id, folder, said: Buffer.from(chunk).toString("utf8") })}\n`);
}
