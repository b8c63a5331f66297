// Records what a real agent CLI prints, as a fixture of its adapter. Install the CLIs first: scripts/install-agents.ts.
// Usage: node scripts/record-agent.ts AGENT SCENARIO [--base-url http://127.0.0.1:PORT]
// SCENARIO: the name of a refusal below, which this script answers to every request by itself; or with --base-url the fixture's
// name, for what a scripted model server there has the agent do: `completes` (runs a shell command that writes hello.txt, then claims
// the task) and `quotes-claim` (the shell command prints the claim, the last message says that nothing is done).
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { homedir, hostname, tmpdir, userInfo } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { claudeAgent } from "../packages/engine/src/agents/claude/index.ts";
import { codexAgent } from "../packages/engine/src/agents/codex/index.ts";
import { copilotAgent } from "../packages/engine/src/agents/copilot/index.ts";
import { geminiAgent } from "../packages/engine/src/agents/gemini/index.ts";
import { opencodeAgent } from "../packages/engine/src/agents/opencode/index.ts";
import { qwenAgent } from "../packages/engine/src/agents/qwen/index.ts";
import type { AgentAdapter, LaunchRequest } from "../packages/engine/src/agents/port.ts";
import { startProcess } from "../packages/engine/src/process/index.ts";

type Environment = Readonly<Record<string, string>>;
type Subject = {
  readonly adapter: AgentAdapter;
  readonly env: (baseUrl: string) => Environment;
  readonly model?: string;
};
type Refusal = { readonly status: number; readonly kind: string; readonly message: string };

const KEY = "recording-key";
const PROMPT = "Write hello.txt, then end your last message with the line that claims the task: TASK_COMPLETE\n";
const LIMIT_MS = 90_000;

const SUBJECTS: Readonly<Record<string, Subject>> = {
  claude: {
    adapter: claudeAgent,
    env: (url) => ({ ANTHROPIC_BASE_URL: url, ANTHROPIC_API_KEY: KEY, CLAUDE_CODE_MAX_RETRIES: "1" }),
  },
  codex: {
    adapter: codexAgent,
    env: (url) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: KEY }),
    model: "gpt-5.5",
  },
  gemini: { adapter: geminiAgent, env: (url) => ({ GOOGLE_GEMINI_BASE_URL: url, GEMINI_API_KEY: KEY }) },
  opencode: { adapter: opencodeAgent, env: (url) => ({ OPENCODE_CONFIG_CONTENT: toOpencodeConfig(url) }) },
  copilot: {
    adapter: copilotAgent,
    env: (url) => ({
      COPILOT_PROVIDER_BASE_URL: `${url}/v1`,
      COPILOT_PROVIDER_API_KEY: KEY,
      COPILOT_MODEL: "gpt-5.5",
      COPILOT_OFFLINE: "true",
    }),
  },
  qwen: {
    adapter: qwenAgent,
    env: (url) => ({ OPENAI_BASE_URL: `${url}/v1`, OPENAI_API_KEY: KEY, OPENAI_MODEL: "qwen3-coder-plus" }),
  },
};

const REFUSALS: Readonly<Record<string, Refusal>> = {
  auth: { status: 401, kind: "authentication_error", message: "The API key is not valid." },
  budget: { status: 402, kind: "billing_error", message: "Your credit balance is too low." },
  "quota-spent": { status: 429, kind: "insufficient_quota", message: "You exceeded your current quota." },
  "rate-limit": { status: 429, kind: "rate_limit_error", message: "Too many requests. Please try again in 90s." },
  overloaded: { status: 529, kind: "overloaded_error", message: "Overloaded" },
  "context-overflow": {
    status: 400,
    kind: "context_length_exceeded",
    message: "prompt is too long: 250000 tokens > 200000 maximum",
  },
};

const { positionals, values } = parseArgs({ allowPositionals: true, options: { "base-url": { type: "string" } } });
const [name = "", scenario = ""] = positionals;
const subject = SUBJECTS[name];
const refusal = values["base-url"] === undefined ? REFUSALS[scenario] : undefined;
if (subject === undefined || (refusal === undefined && values["base-url"] === undefined)) {
  process.stderr.write(
    `record-agent: expected AGENT (${Object.keys(SUBJECTS).join(", ")}) and SCENARIO (${Object.keys(REFUSALS).join(", ")}, or any name with --base-url).\n`,
  );
  process.exit(2);
}
const server = refusal === undefined ? undefined : await refuse(refusal);
const port = (server?.address() as AddressInfo | null | undefined)?.port;
await record(subject, values["base-url"] ?? `http://127.0.0.1:${port}`);
server?.closeAllConnections();
server?.close();

async function record(recorded: Subject, baseUrl: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "cloister-record-"));
  try {
    const request = toRequest(recorded, folder, baseUrl);
    const { output, code, stderr } = await run(recorded.adapter, request);
    const root = join(import.meta.dirname, "..");
    const target = join(root, "packages/engine/src/agents", name, "__fixtures__", `${scenario}.ndjson`);
    mkdirSync(dirname(target), { recursive: true });
    writeFileSync(target, scrub(output, folder, baseUrl));
    process.stderr.write(`${target}: ${output.length} characters, exit ${code}\n${scrub(stderr, folder, baseUrl)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toRequest(recorded: Subject, folder: string, baseUrl: string): LaunchRequest {
  const [workspace, scratch, home] = ["workspace", "scratch", "home"].map((part) => join(folder, part));
  if (workspace === undefined || scratch === undefined || home === undefined) throw new Error("three folders are made");
  for (const path of [workspace, scratch, home, join(home, ".codex")]) mkdirSync(path, { recursive: true });
  const promptFile = join(folder, "prompt.md");
  writeFileSync(promptFile, PROMPT);
  const bin = join(import.meta.dirname, "..", ".cache", "agents", "bin");
  const path = [bin, dirname(process.execPath), "/usr/bin", "/bin"].join(delimiter);
  const env = { PATH: path, HOME: home, LANG: "C.UTF-8", ...recorded.env(baseUrl) };
  const base = { prompt: PROMPT, promptFile, workspace, scratch, env, asRoot: userInfo().uid === 0 };
  return recorded.model === undefined ? base : { ...base, model: recorded.model };
}

async function run(
  adapter: AgentAdapter,
  request: LaunchRequest,
): Promise<{ output: string; stderr: string; code: number | null }> {
  const launch = adapter.launch(request);
  for (const [path, content] of Object.entries(launch.files ?? {})) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  const child = startProcess({
    file: launch.file,
    args: launch.args,
    cwd: request.workspace,
    env: launch.env,
    stdin: launch.stdin === "prompt" ? { text: request.prompt } : "empty",
    marker: `record-${process.pid}`,
    timeoutMs: LIMIT_MS,
  });
  const [output, stderr] = await Promise.all([readText(child.stdout), readText(child.stderr)]);
  return { output, stderr, code: (await child.exit).code };
}

async function readText(source: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of source) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
}

/** Takes out what tells of this machine: folders, host, user, port, and the key (which is none, but looks like one). */
function scrub(text: string, folder: string, baseUrl: string): string {
  const root = join(import.meta.dirname, "..");
  return text
    .replaceAll(folder, "/recording")
    .replaceAll(folder.replaceAll(/[/.]/g, "-"), "-recording")
    .replaceAll(root, "/cloister")
    .replaceAll(baseUrl, "http://127.0.0.1:8787")
    .replaceAll(`${homedir()}/`, "/home/user/")
    .replaceAll(`"${hostname()}"`, '"host"')
    .replaceAll(KEY, "***");
}

/** A server that refuses every request as providers do: one body that all of them understand. */
function refuse({ status, kind, message }: Refusal): Promise<Server> {
  const body = { type: "error", error: { type: kind, code: kind, message, status: kind.toUpperCase() } };
  const listening = createServer((request, response) => {
    request.resume();
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  });
  return new Promise((resolve) => listening.listen(0, "127.0.0.1", () => resolve(listening)));
}

function toOpencodeConfig(url: string): string {
  const models = { m: { name: "m", limit: { context: 200_000, output: 8192 }, cost: { input: 1, output: 5 } } };
  const options = { baseURL: `${url}/v1`, apiKey: KEY };
  return JSON.stringify({
    share: "disabled",
    model: "recorded/m",
    small_model: "recorded/m",
    enabled_providers: ["recorded"],
    provider: { recorded: { npm: "@ai-sdk/openai-compatible", name: "recorded", options, models } },
  });
}
