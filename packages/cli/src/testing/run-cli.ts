import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Readable } from "node:stream";
import { text } from "node:stream/consumers";

/** The program as it is installed. */
export const CLI_ENTRY: string = fileURLToPath(new URL("../../bin/cloister.js", import.meta.url));

/** What a run of the command printed, and how it ended. */
export type CliResult = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

/** Where and how the command is run. */
export type CliOptions = {
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Closes standard output after this many chunks, as `head` does. */
  readonly readAtMost?: number;
};

/** Runs `cloister` as a user's shell would, with nothing on standard input. */
export async function runCli(args: readonly string[], { cwd, env, readAtMost }: CliOptions): Promise<CliResult> {
  const child = spawn(process.execPath, [CLI_ENTRY, ...args], {
    cwd,
    env: { PATH: process.env["PATH"] ?? "", HOME: cwd, LANG: "C.UTF-8", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { promise: exited, resolve } = Promise.withResolvers<number | null>();
  child.once("close", resolve);
  const [stdout, stderr, code] = await Promise.all([readSome(child.stdout, readAtMost), text(child.stderr), exited]);
  return { code, stdout, stderr };
}

async function readSome(stream: Readable, chunks: number = Number.POSITIVE_INFINITY): Promise<string> {
  let [content, count] = ["", 0];
  for await (const chunk of stream.setEncoding("utf8")) {
    content += String(chunk);
    if (++count >= chunks) break;
  }
  return content;
}
