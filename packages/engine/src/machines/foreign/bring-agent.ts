/**
 * Brings Cloister's guest agent into a running machine that has none, through the qemu-guest-agent that it has. Nothing else is ever asked
 * of that one: from then on the machine is like any other.
 */
import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import { z } from "zod";
import type { AskAgent } from "./agent-answer.ts";

/**
 * Where it may be put: the first that root alone can write to and programs run from. Many systems mount /run without running programs
 * from it; some can't write to the others.
 */
const FOLDERS: readonly string[] = ["/run/cloister", "/var/lib/cloister", "/usr/local/libexec/cloister"];
const NAME = "cloister-guest";
const SHELL = "/bin/sh";
/** Of the agent's 64 KiB for an answer, and of what it takes at once. */
const CHUNK_BYTES = 32 * 1024;
const SCRIPT_LIMIT_MS = 30_000;
const POLL_MS = 50;
/** Exit code of {@link FIND_FOLDER} for the first folder; no shell ends with it by itself. */
const FIRST_CODE = 10;

const FIND_FOLDER = `code=${FIRST_CODE}
umask 022
for folder in "$@"; do
  mkdir -p "$folder" 2>/dev/null
  if [ -d "$folder" ] && [ ! -L "$folder" ] && [ -O "$folder" ] && chmod 700 "$folder" &&
    printf '#!${SHELL}\\nexit 0\\n' >"$folder/try" && chmod 700 "$folder/try" && "$folder/try"; then
    rm -f "$folder/try"
    exit $code
  fi
  code=$((code + 1))
done
exit 1`;
/** A program that runs can't be written to: what a former boot has left is replaced. */
const START = 'chmod 700 "$1.new" && mv -f "$1.new" "$1" && exec "$1" attend';

const startedSchema = z.object({ pid: z.int() });
const statusSchema = z.object({ exited: z.boolean(), exitcode: z.int().optional(), signal: z.int().optional() });
const handleSchema = z.int();
const nothingSchema = z.unknown();

type Status = z.infer<typeof statusSchema>;

/** The program to bring, and how to know that it serves. */
export type AgentToBring = {
  /** Static, for the machine's processor. */
  readonly program: Uint8Array;
  /** Whether it listens for hosts. */
  readonly listens: () => Promise<boolean>;
};

/**
 * Writes Cloister's guest agent into the machine, starts it, and waits until it listens.
 * @throws CloisterError `image_invalid` where the machine's agent refuses, or the program can't run there; `machine_failed` where the
 * machine's agent answers nothing or nonsense
 */
export async function bringAgent(ask: AskAgent, { program, listens }: AgentToBring): Promise<void> {
  const found = await runToEnd(ask, FIND_FOLDER, FOLDERS);
  const folder = FOLDERS[(found.exitcode ?? 0) - FIRST_CODE];
  if (folder === undefined) throw nowhere();
  const path = `${folder}/${NAME}`;
  await writeFile(ask, `${path}.new`, program);
  const pid = await start(ask, START, [path]);
  const ended = await statusWhen(ask, pid, async ({ exited }) => exited || (await listens()));
  // It ends at once where another one serves already.
  if (ended.exited && !(await listens())) throw endedAtOnce(ended);
}

async function writeFile(ask: AskAgent, path: string, content: Uint8Array): Promise<void> {
  const open = { path, mode: "w" };
  const handle = await ask({ command: "guest-file-open", arguments: open, answer: handleSchema });
  for (let at = 0; at < content.length; at += CHUNK_BYTES) {
    const chunk = Buffer.from(content.subarray(at, at + CHUNK_BYTES));
    const answer = z.object({ count: z.literal(chunk.length) });
    await ask({ command: "guest-file-write", arguments: { handle, "buf-b64": chunk.toString("base64") }, answer });
  }
  await ask({ command: "guest-file-close", arguments: { handle }, answer: nothingSchema });
}

async function start(ask: AskAgent, script: string, args: readonly string[]): Promise<number> {
  const given = { path: SHELL, arg: ["-c", script, "sh", ...args] };
  return (await ask({ command: "guest-exec", arguments: given, answer: startedSchema })).pid;
}

async function runToEnd(ask: AskAgent, script: string, args: readonly string[]): Promise<Status> {
  return statusWhen(ask, await start(ask, script, args), ({ exited }) => exited);
}

/** What a program that was started does, once it is as wanted. Its number is the agent's own word: it goes nowhere but back to it. */
async function statusWhen(
  ask: AskAgent,
  pid: number,
  isWanted: (status: Status) => boolean | Promise<boolean>,
): Promise<Status> {
  const deadline = performance.now() + SCRIPT_LIMIT_MS;
  while (performance.now() < deadline) {
    const status = await ask({ command: "guest-exec-status", arguments: { pid }, answer: statusSchema });
    if (await isWanted(status)) return status;
    await delay(POLL_MS);
  }
  throw new CloisterError({
    code: "machine_failed",
    message: `Expected a program that qemu-guest-agent started in the machine to be ready within ${SCRIPT_LIMIT_MS / 1000} s, it was not.`,
  });
}

function nowhere(): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected a folder in the machine that is root's alone and runs programs, found none of ${FOLDERS.join(", ")}.`,
    remedy: "Let qemu-guest-agent run as root there, and mount one of them without noexec.",
  });
}

function endedAtOnce({ exitcode, signal }: Status): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected Cloister's guest agent to run in the machine, it ended with ${exitcode ?? `signal ${signal ?? "unknown"}`}.`,
    remedy:
      "Name the disk's architecture when it is imported (--arch); allow programs that qemu-guest-agent starts, where SELinux or the like forbids them.",
  });
}
