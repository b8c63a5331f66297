import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { connectGuest } from "../connect-guest.ts";
import type { ExecEnd, ExecSpec, GuestConnection } from "../port.ts";
import { guestProgram } from "../program.ts";

/** The agent for this computer, compiled once for all tests. */
export function testProgram(): Promise<string> {
  return guestProgram({ architecture: process.arch, cache: join(tmpdir(), `cloister-test-guest-${userInfo().uid}`) });
}

/** An agent that runs as a child of this process. */
export type Agent = AsyncDisposable & {
  readonly child: ChildProcess;
  readonly stream: Duplex;
  /** Kills it, and waits until it has ended. */
  readonly close: () => Promise<void>;
};

/** Starts an agent that speaks over its standard streams. @param inside the command that runs it; left out: none */
export function startAgent(
  program: string,
  env: NodeJS.ProcessEnv = process.env,
  inside: readonly string[] = [],
): Agent {
  const [file, ...args] = [...inside, program, "serve", "--stdio"];
  const child = spawn(file, args, { stdio: ["pipe", "pipe", "inherit"], env });
  const ended = once(child, "close");
  const stream: Duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on("error", () => undefined); // It was cut, by a test that means to.
  const close = async (): Promise<void> => {
    child.kill();
    await ended;
  };
  return { child, stream, close, [Symbol.asyncDispose]: close };
}

/** A connection to an agent of its own. @param inside the command that runs it; left out: none */
export async function connectAgent(inside?: readonly string[]): Promise<GuestConnection & { readonly agent: Agent }> {
  const agent = startAgent(await testProgram(), process.env, inside);
  const guest = await connectGuest({ stream: agent.stream, close: agent.close });
  return Object.assign(guest, { agent });
}

/** What a program said, and how it ended. */
export type Ran = ExecEnd & { readonly stdout: string; readonly stderr: string };

/** Runs a program to its end. A text is a shell script. @param input what it gets on standard input */
export async function run(guest: GuestConnection, program: string | ExecSpec, input?: string): Promise<Ran> {
  const spec = typeof program === "string" ? shell(program) : program;
  const running = guest.exec(input === undefined ? spec : { ...spec, stdin: "open" });
  const outputs = Promise.all([textOf(running.stdout), textOf(running.stderr)]);
  if (input !== undefined) {
    await running.write(Buffer.from(input));
    running.closeInput();
  }
  const [stdout, stderr] = await outputs;
  return { ...(await running.exit), stdout, stderr };
}

/** A shell script as a program, with what `extra` says besides. */
export function shell(script: string, extra: Partial<ExecSpec> = {}): ExecSpec {
  return { argv: ["/bin/sh", "-c", script], env: { PATH: "/usr/local/bin:/usr/bin:/bin" }, cwd: "/", ...extra };
}

/** All that comes, as text. */
export async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  return Buffer.concat(await Array.fromAsync(source)).toString("utf8");
}
