import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { text as readAll } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { leaveEscapee, leaveGrandchild } from "./descendants.ts";
import type { Dialect, Output, ToldCall, ToldResult } from "./dialects/dialect.ts";
import { type ToldFailure, tellFailure } from "./failure-texts.ts";
import { print, printLongLine, write } from "./output-stream.ts";
import type { Step } from "./scenario.ts";
import { createSession, type Session, spend } from "./session.ts";

/** A hanging agent that nobody stops ends by itself, so that a broken test leaves nothing for ever. */
const MAX_HANG_MS = 600_000;
const COMMAND_TIMEOUT_MS = 600_000;
const MAX_COMMAND_OUTPUT = 64 * 1024 * 1024;
const CLAIM_TOKENS = { line: "\n\nTASK_COMPLETE", promise: "\n\n<promise>COMPLETE</promise>" };

/** What a run of steps works with. */
type Run = { readonly dialect: Dialect; readonly session: Session; hasFinished: boolean };

/** A step that does not end the process; gives the exit status where it does. */
type Performer<T extends Step["type"]> = (
  run: Run,
  step: Extract<Step, { type: T }>,
) => Promise<number | undefined | void>;

/**
 * Plays a scenario's steps in the words of a dialect, on this process's standard streams and in its working directory.
 * @returns the exit status.
 */
export async function runScenario(dialect: Dialect, steps: readonly Step[], silent: boolean): Promise<number> {
  const session = createSession(dialect.model, process.cwd());
  const run: Run = { dialect, session, hasFinished: silent };
  if (!silent) await print(dialect.open(session));
  for (const step of steps) {
    const status = await perform(run, step);
    if (status !== undefined) return status;
  }
  await finish(run);
  return 0;
}

function perform(run: Run, step: Step): Promise<number | undefined | void> {
  const performer = PERFORMERS[step.type] as Performer<Step["type"]>;
  return performer(run, step);
}

const PERFORMERS: { readonly [T in Step["type"]]: Performer<T> } = {
  message: (run, { text }) => say(run, text),
  thought: ({ dialect, session }, { text }) => print(dialect.thought(session, text)),
  claim: (run, { text, token }) => say(run, text + CLAIM_TOKENS[token]),
  shell: (run, { command }) => tellCall(run, "shell", { command }, () => runCommand(command)),
  tool: (run, { tool, input, result, ok }) =>
    tellCall(run, tool, input, () => ({ output: result, exitCode: ok ? 0 : 1 })),
  usage: async ({ session }, { tokens, costUsd }) => spend(session, tokens, costUsd),
  retry: ({ dialect, session }, step) => print(dialect.retry(session, tellFailure(step, Date.now()), step.delayMs)),
  fail: (run, step) => fail(run, tellFailure(step, Date.now())),
  finish,
  exit: async (_run, { code }) => code,
  signal: async (_run, { signal }) => {
    process.kill(process.pid, signal);
    await delay(MAX_HANG_MS);
  },
  sleep: (_run, { ms }) => delay(ms),
  hang: () => delay(MAX_HANG_MS),
  ignore_signals: async () => {
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"]) process.on(signal, () => undefined);
  },
  grandchild: async (_run, { seconds }) => leaveGrandchild(seconds),
  escapee: async (_run, { seconds, clearEnvironment }) => leaveEscapee(seconds, clearEnvironment),
  print: (_run, { text, encoding, to }) => write(process[to], Buffer.from(text, encoding)),
  long_line: (_run, { megabytes }) => printLongLine(megabytes),
  echo_stdin: async (run) => say(run, await readAll(process.stdin)),
};

async function say({ dialect, session }: Run, text: string): Promise<void> {
  session.turns += 1;
  session.finalText = text;
  await print(dialect.message(session, text));
}

async function tellCall(
  { dialect, session }: Run,
  tool: string,
  input: ToldCall["input"],
  run: () => ToldResult,
): Promise<void> {
  session.turns += 1;
  session.toolCalls += 1;
  const call = { id: `call_${randomUUID().slice(0, 8)}`, tool, input };
  await print(dialect.call(session, call));
  await print(dialect.result(session, call, run()));
}

function runCommand(command: string): ToldResult {
  const { stdout, stderr, status } = spawnSync("/bin/sh", ["-c", command], {
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    timeout: COMMAND_TIMEOUT_MS,
    maxBuffer: MAX_COMMAND_OUTPUT,
  });
  return { output: stdout + stderr, exitCode: status ?? 1 };
}

async function fail({ dialect, session }: Run, failure: ToldFailure): Promise<number> {
  const outputs: readonly Output[] = dialect.fail(session, failure);
  await print(outputs);
  return dialect.exitCode(failure);
}

/** Says the last word, once. */
async function finish(run: Run): Promise<void> {
  if (run.hasFinished) return;
  run.hasFinished = true;
  await print(run.dialect.finish(run.session));
}
