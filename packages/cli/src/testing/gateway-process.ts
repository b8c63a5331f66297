import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { CLI_ENTRY } from "./run-cli.ts";

type Line = Readonly<Record<string, unknown>>;

/** A `cloister gateway --json` that runs. */
export interface GatewayProcess {
  readonly url: string;
  readonly token: string;
  /** The status page. */
  readonly status: string;
  /** The id of its ledger. */
  readonly gateway: string;
  /** Waits for the next line of the type; the lines before it are passed over. */
  nextLine(type: string): Promise<Line>;
  /** Ends it with a signal. @returns its exit code; null where it was killed. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

/** Starts `cloister gateway --json ARGS` and waits until it serves. @param env all that it has besides the PATH. */
export async function startGatewayProcess(
  args: readonly string[],
  { cwd, env }: { readonly cwd: string; readonly env: Readonly<Record<string, string>> },
): Promise<GatewayProcess> {
  const child = spawn(process.execPath, [CLI_ENTRY, "gateway", "--json", ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async (type: string): Promise<Line> => {
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error(`expected a line "${type}", found the end`);
      const line = JSON.parse(value) as Line;
      if (line["type"] === type) return line;
    }
  };
  const started = (await nextLine("gateway_started")) as Pick<GatewayProcess, "url" | "token" | "status" | "gateway">;
  return { ...started, nextLine, end: (signal) => end(child, signal) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  const exited = once(child, "exit");
  child.kill(signal);
  const [code] = (await exited) as [number | null];
  return code;
}
