import { CommanderError } from "commander";
import { createTerminal, type Terminal } from "../terminal/terminal.ts";
import { createProgram } from "./create-program.ts";
import { reportError } from "./report-error.ts";

/** Runs one command line (without node and script) and ends the process with its exit code. */
export async function runCommandLine(words: readonly string[]): Promise<never> {
  const terminal = createTerminal();
  const code = await executeCommandLine(words, terminal);
  await flush();
  process.exit(code);
}

/** Does what a command line says. Resolves to the exit code; what goes wrong is told to the terminal. */
export async function executeCommandLine(words: readonly string[], terminal: Terminal): Promise<number> {
  try {
    let code = 0;
    const program = createProgram(terminal, async (handler, call) => {
      code = await (await handler())(call, terminal);
    });
    await program.parseAsync(words, { from: "user" });
    return code;
  } catch (error: unknown) {
    // Help and version come as errors too: they have been printed.
    if (error instanceof CommanderError && error.exitCode === 0) return 0;
    return reportError(error, { terminal, words });
  }
}

/** What was written to a pipe must have left before the process ends. */
async function flush(): Promise<void> {
  const streams = [process.stdout, process.stderr].filter(({ writable }) => writable);
  await Promise.all(streams.map((stream) => new Promise<void>((resolve) => stream.write("", () => resolve()))));
}
