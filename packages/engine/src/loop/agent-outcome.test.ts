import assert from "node:assert/strict";
import { test } from "node:test";
import { getAgent } from "../agents/registry.ts";
import type { ProcessExit } from "../process/port.ts";
import { judgeExit, type AgentVoice } from "./agent-outcome.ts";

const EXITED: ProcessExit = { cause: "exited", code: 0, signal: null, durationMs: 1, survivors: 0 };
const KILLED: ProcessExit = { ...EXITED, code: null, signal: "SIGTERM" };

type Case = {
  readonly name: string;
  readonly agent: "claude" | "command";
  readonly voice?: Partial<AgentVoice>;
  readonly exit?: Partial<ProcessExit>;
  readonly stderr?: string;
  readonly outcome: string;
};

const CASES: readonly Case[] = [
  { name: "a result and exit 0", agent: "claude", voice: { finished: true }, outcome: "finished" },
  {
    name: "a result, then a hang that was ended",
    agent: "claude",
    voice: { finished: true },
    exit: { ...KILLED, cause: "finished" },
    outcome: "finished",
  },
  {
    name: "a result, then the time limit",
    agent: "claude",
    voice: { finished: true },
    exit: { ...KILLED, cause: "timeout" },
    outcome: "finished",
  },
  {
    name: "a result, then a bad exit",
    agent: "claude",
    voice: { finished: true },
    exit: { code: 3 },
    outcome: "crash",
  },
  { name: "exit 0 without a result", agent: "claude", outcome: "crash" },
  { name: "text and exit 0", agent: "command", voice: { finished: true }, outcome: "finished" },
  {
    name: "text of a process that was stopped",
    agent: "command",
    voice: { finished: true },
    exit: { ...KILLED, cause: "aborted" },
    outcome: "stopped",
  },
  {
    name: "text of a process that took its stop for an exit",
    agent: "command",
    voice: { finished: true },
    exit: { cause: "aborted" },
    outcome: "stopped",
  },
  {
    name: "text until the time limit",
    agent: "command",
    voice: { finished: true },
    exit: { ...KILLED, cause: "timeout" },
    outcome: "timeout",
  },
  {
    name: "text until the idle limit",
    agent: "command",
    voice: { finished: true },
    exit: { ...KILLED, cause: "idle" },
    outcome: "idle",
  },
  {
    name: "text and a bad exit",
    agent: "command",
    voice: { finished: true },
    exit: { code: 1 },
    stderr: "boom",
    outcome: "crash",
  },
  {
    name: "a command that the shell can't find",
    agent: "command",
    voice: { finished: true },
    exit: { code: 127 },
    stderr: "sh: 1: nobody: not found",
    outcome: "unavailable",
  },
  {
    name: "a program that is not there",
    agent: "command",
    exit: { cause: "spawn_failed", code: null, error: "ENOENT" },
    outcome: "unavailable",
  },
  {
    name: "a failure that it names",
    agent: "claude",
    voice: { finished: false, failed: { type: "failed", failure: "rate_limit", message: "slow down", resetAt: 5 } },
    exit: { code: 1 },
    outcome: "rate_limit",
  },
  { name: "a stop", agent: "claude", exit: { ...KILLED, cause: "aborted" }, outcome: "stopped" },
];

for (const { name, agent, voice = {}, exit = {}, stderr = "", outcome } of CASES)
  test(`${agent}: ${name} is ${outcome}`, async () => {
    const heard = { voice: { finalMessage: "", ...voice }, stderrTail: stderr, exit: { ...EXITED, ...exit } };
    const judged = judgeExit(await getAgent(agent), heard);
    assert.equal(judged.type === "failed" ? judged.failure : judged.type, outcome);
  });
