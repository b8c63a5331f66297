import { type ChildProcess, spawn } from "node:child_process";
import { buffer } from "node:stream/consumers";

/** How a mock agent ended, and what it printed. */
export type MockRun = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
};

/** What a mock agent is started with. */
export type MockStart = {
  readonly args?: readonly string[];
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
};

/** Starts a program in `folder`, as leader of a group of its own. */
export function startMockAgent(
  program: string,
  folder: string,
  { args = [], stdin = "", env }: MockStart,
): ChildProcess {
  const child = spawn(program, args, {
    cwd: folder,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin?.on("error", () => undefined); // EPIPE: it exits without reading its input.
  child.stdin?.end(stdin);
  return child;
}

/** Runs a program to its end, and collects what it prints. */
export async function runMockAgent(program: string, folder: string, start: MockStart = {}): Promise<MockRun> {
  const child = startMockAgent(program, folder, start);
  if (child.stdout === null || child.stderr === null) throw new Error("The streams were not opened.");
  const exit = new Promise<Pick<MockRun, "code" | "signal">>((resolve) =>
    child.once("exit", (code, signal) => resolve({ code, signal })),
  );
  const [bytes, stderr] = await Promise.all([buffer(child.stdout), buffer(child.stderr)]);
  return { ...(await exit), bytes, stdout: bytes.toString("utf8"), stderr: stderr.toString("utf8") };
}
