/** The bundled sample repository, its plan and its scripted model, made ready for the real agents. */
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ModelServer, parseScript, type Script, type ScriptedConversation, type Turn } from "@cloister/testkit";
import { type CliEnd, eventsOfType, summaryOf } from "../harness/cli-process.ts";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "sample");
const AGENTS = join(import.meta.dirname, "..", "..", "..", "..", ".cache", "agents", "bin");
const SCRIPT_FILE = "model-script.yaml";

/** The sample repository, with its plan in `plan.md`. */
export function createTextTools(env: Readonly<Record<string, string>>): TestRepository {
  const paths = globSync("**/*.*", { cwd: SAMPLE }).filter((path) => path !== SCRIPT_FILE);
  const project = Object.fromEntries(paths.map((path) => [path, readFileSync(join(SAMPLE, path), "utf8")]));
  return createTestRepository({ project, env });
}

/** The sample's script without waits, in which no two answers use the same tokens: a call counted twice or not at all shows. */
export function readTextToolsScript(): Script {
  const { delay: _delay, ...script } = parseScript(readFileSync(join(SAMPLE, SCRIPT_FILE), "utf8"));
  return { ...script, conversations: script.conversations.map(withOwnUsage) };
}

function withOwnUsage({ final, ...conversation }: ScriptedConversation, place: number): ScriptedConversation {
  const last: Turn = { calls: [], ...(final === undefined ? {} : { text: final }) };
  const turns = [...conversation.turns, last].map((turn, index) => ({ ...turn, usage: usageOf(place, index) }));
  return { ...conversation, turns };
}

/** Each digit has its place: the sum tells which answers are in it. */
function usageOf(conversation: number, turn: number): NonNullable<Turn["usage"]> {
  const step = 2 ** turn * 10 ** conversation;
  return { input: 1000 + step, cacheRead: 2000 + step, cacheWrite: 300 + step, output: 100 + step, reasoning: step };
}

/** The environment of a user who has the agents installed and sends them to the server at `url`. */
export function agentEnvironment(url: string): Record<string, string> {
  return {
    PATH: `${AGENTS}:${dirname(process.execPath)}:${process.env["PATH"] ?? "/usr/bin:/bin"}`,
    ANTHROPIC_BASE_URL: url,
    ANTHROPIC_AUTH_TOKEN: "no-secret",
    OPENAI_BASE_URL: `${url}/v1`,
    OPENAI_API_KEY: "no-secret",
    GOOGLE_GEMINI_BASE_URL: url,
    GEMINI_API_KEY: "no-secret",
  };
}

/** The plan is done, the branch holds what the model wrote, and the ledger says what the server sent, request by request. */
export function assertCompleted(
  end: CliEnd,
  {
    server,
    script,
    repository,
  }: { readonly server: ModelServer; readonly script: Script; readonly repository: TestRepository },
): void {
  assert.equal(end.code, 0, end.stderr + end.stdout.slice(-2000));
  const { tasks, usage, branch } = summaryOf(end);
  assert.deepEqual(tasks, { total: 3, done: 3, blocked: 0 });
  assert.deepEqual(usage, server.usageTotals.total);
  assert.deepEqual(
    eventsOfType(end, "request_settled").map((event) => event.usage),
    server.requests.map((request) => request.usage),
  );
  for (const [path, text] of Object.entries(writtenFiles(script)))
    assert.equal(repository.git("show", `${branch}:${path}`), text.trim(), path);
}

/** The files that the script writes, as they are in the end. */
export function writtenFiles({ conversations }: Script): Record<string, string> {
  const calls = conversations.flatMap(({ turns }) => turns.flatMap((turn) => turn.calls));
  const writes = calls.flatMap((call) => ("write" in call ? [call.write] : []));
  return Object.fromEntries(writes.map(({ path, content }) => [path, content]));
}
