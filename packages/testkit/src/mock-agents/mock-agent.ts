#!/usr/bin/env node
// Stands for a coding agent's command line: node mock-agent.ts --as claude --scenario honest_work [the real CLI's arguments…]
// See command-line.ts for options and environment, scenario.ts for what a scenario can do.
import { DocumentError } from "../document-error.ts";
import { countCall } from "./call-counter.ts";
import { findCallsFolder, parseMockCommand, readScenario } from "./command-line.ts";
import { DIALECTS } from "./dialects/index.ts";
import { write } from "./output-stream.ts";
import { runScenario } from "./run-scenario.ts";

/** The exit status of a mock that is called the wrong way: none that an agent uses. */
const USAGE_EXIT = 64;

process.stdout.on("error", () => process.exit(1)); // EPIPE: nobody listens any more, as for a real agent.

async function main(): Promise<number> {
  const command = parseMockCommand(process.argv.slice(2), process.env);
  const dialect = DIALECTS[command.agent];
  if (command.wantsVersion) {
    await write(process.stdout, `${dialect.version}\n`);
    return 0;
  }
  const { calls, silent } = await readScenario(command);
  const call = calls.length > 1 ? countCall(findCallsFolder(command, process.env)) : 1;
  return runScenario(dialect, calls[Math.min(call, calls.length) - 1] ?? [], silent);
}

try {
  // Exits even where standard input is still open, or a child holds something.
  process.exit(await main());
} catch (error: unknown) {
  const message = DocumentError.isInstance(error) ? error.message : String(error);
  process.stderr.write(`mock-agent: ${message}\n`);
  process.exit(USAGE_EXIT);
}
