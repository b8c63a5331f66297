import { spawn, type StdioOptions } from "node:child_process";
import { appendFileSync } from "node:fs";

/** Where the process ids of what a mock agent leaves behind are appended, one a line, so that tests can look for them. */
export const PID_FILE_VARIABLE = "MOCK_AGENT_PID_FILE";

/** Starts a child in this process's group that holds standard output open. */
export function leaveGrandchild(seconds: number): void {
  leave(`exec sleep ${seconds}`, { stdio: ["ignore", "inherit", "ignore"], detached: false, env: process.env });
}

/** Starts a child in a session and group of its own that ignores TERM, INT and HUP. */
export function leaveEscapee(seconds: number, clearEnvironment: boolean): void {
  const env = clearEnvironment ? { PATH: process.env["PATH"] } : process.env;
  // What is ignored stays so across exec.
  leave(`trap '' TERM INT HUP; exec sleep ${seconds}`, { stdio: "ignore", detached: true, env });
}

function leave(
  command: string,
  options: { readonly stdio: StdioOptions; readonly detached: boolean; readonly env: NodeJS.ProcessEnv },
): void {
  const child = spawn("/bin/sh", ["-c", command], options);
  child.unref();
  const file = process.env[PID_FILE_VARIABLE];
  if (file !== undefined && child.pid !== undefined) appendFileSync(file, `${child.pid}\n`);
}
