import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, type TestContext, test } from "node:test";
import type { LedgerRow } from "@cloister/core";
import { type ModelServer, parseScript, startModelServer } from "@cloister/testkit";
import { type GatewayProcess, startGatewayProcess } from "../testing/gateway-process.ts";
import { runCli } from "../testing/run-cli.ts";

const SCRIPT = `
conversations:
  - match: "hang"
    turns:
      - text: "one two three"
        delay: { betweenChunksMs: 3600000 }
  - match: "hello"
    turns: []
    final: "good day"
usage: { input: 1000, cacheRead: 300, output: 50 }
`;
const SECRETS = { ANTHROPIC_API_KEY: "sk-ant-secret", OPENAI_API_KEY: "sk-secret", GEMINI_API_KEY: "gemini-secret" };

let server: ModelServer;
before(async () => {
  server = await startModelServer({ script: parseScript(SCRIPT) });
});
after(() => server.close());

type Wire = NonNullable<LedgerRow["wire"]>;
type Asked = { readonly path: string; readonly body: object };
const PARAMETERS = { type: "object", properties: {} };
const MODELS: Readonly<Record<Wire, string>> = {
  anthropic: "claude-sonnet-4-5",
  openai_responses: "gpt-5",
  openai_chat: "gpt-5",
  gemini: "gemini-2.5-pro",
};
/** A streamed request with a tool, as agents make it, on each wire. */
const ASK: Readonly<Record<Wire, (prompt: string) => Asked>> = {
  anthropic: (prompt) => ({
    path: "/v1/messages",
    body: {
      model: MODELS.anthropic,
      max_tokens: 100,
      stream: true,
      messages: [{ role: "user", content: prompt }],
      tools: [{ name: "shell", input_schema: PARAMETERS }],
    },
  }),
  openai_responses: (prompt) => ({
    path: "/v1/responses",
    body: {
      model: MODELS.openai_responses,
      stream: true,
      max_output_tokens: 100,
      input: [{ type: "message", role: "user", content: [{ type: "input_text", text: prompt }] }],
      tools: [{ type: "function", name: "shell", parameters: PARAMETERS }],
    },
  }),
  openai_chat: (prompt) => ({
    path: "/v1/chat/completions",
    body: {
      model: MODELS.openai_chat,
      stream: true,
      stream_options: { include_usage: true },
      max_completion_tokens: 100,
      messages: [{ role: "user", content: prompt }],
      tools: [{ type: "function", function: { name: "shell", parameters: PARAMETERS } }],
    },
  }),
  gemini: (prompt) => ({
    path: `/v1beta/models/${MODELS.gemini}:streamGenerateContent?alt=sse`,
    body: {
      contents: [{ role: "user", parts: [{ text: prompt }] }],
      generationConfig: { maxOutputTokens: 100 },
      tools: [{ functionDeclarations: [{ name: "shell", parametersJsonSchema: PARAMETERS }] }],
    },
  }),
};
const WIRES = Object.keys(ASK) as Wire[];

type World = { readonly cwd: string; readonly env: Readonly<Record<string, string>> };

/** A user's home outside any repository, whose providers are the scripted model. */
function createWorld(context: TestContext, changes: Readonly<Record<string, string>> = {}): World {
  const cwd = mkdtempSync(join(tmpdir(), "cloister-gateway-"));
  context.after(() => rmSync(cwd, { recursive: true, force: true }));
  const addresses = {
    ANTHROPIC_BASE_URL: server.url,
    OPENAI_BASE_URL: `${server.url}/v1`,
    GOOGLE_GEMINI_BASE_URL: server.url,
  };
  return { cwd, env: { CLOISTER_STATE_HOME: join(cwd, "state"), ...SECRETS, ...addresses, ...changes } };
}

async function start(context: TestContext, world: World, ...args: readonly string[]): Promise<GatewayProcess> {
  const gateway = await startGatewayProcess(args, world);
  context.after(() => gateway.end("SIGKILL"));
  return gateway;
}

function ask({ url, token }: GatewayProcess, wire: Wire, prompt: string): Promise<Response> {
  const { path, body } = ASK[wire](prompt);
  const headers = { "content-type": "application/json", authorization: `Bearer ${token}` };
  return fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

async function readRows(world: World, ...args: readonly string[]): Promise<LedgerRow[]> {
  const { code, stdout, stderr } = await runCli(["gateway", "ledger", "--json", ...args], world);
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = stdout.split("\n").filter((line) => line !== "");
  return lines.map((line) => JSON.parse(line) as LedgerRow);
}

test("requests of every wire pass, and the ledger's rows are what the server sent, to the token", async (context) => {
  const world = createWorld(context);
  const gateway = await start(context, world);
  const seen = server.requests.length;
  for (const wire of WIRES) assert.match(await (await ask(gateway, wire, "hello")).text(), /day/, wire);
  assert.equal(await gateway.end("SIGINT"), 0);
  const rows = await readRows(world);
  assert.deepEqual(
    rows.map(({ wire, model, status, completeness }) => ({ wire, model, status, completeness })),
    WIRES.map((wire) => ({ wire, model: MODELS[wire], status: 200, completeness: "whole" })),
  );
  assert.deepEqual(
    rows.map(({ input, cached, cacheWrite, output, reasoning }) => ({
      input,
      cacheRead: cached,
      cacheWrite,
      output,
      reasoning,
    })),
    server.requests.slice(seen).map(({ usage }) => usage),
  );
  const ended = await gateway.nextLine("gateway_ended");
  const sum = rows.reduce((total, { cost }) => total + cost, 0);
  assert.ok(sum > 0 && rows.every(({ cost }) => Number.isSafeInteger(cost)));
  assert.deepEqual([ended["requests"], ended["cost"]], [4, sum]);
});

test("no credential is in the ledger or the output, and each row names the credential that it used", async (context) => {
  const world = createWorld(context);
  const gateway = await start(context, world);
  await (await ask(gateway, "gemini", "hello")).text();
  assert.equal((await gateway.nextLine("request_settled"))["credential"], "gemini-1");
  const status = await (await fetch(`${gateway.status}status.json`)).text();
  await gateway.end("SIGTERM");
  const { stdout } = await runCli(["gateway", "ledger"], world);
  assert.match(stdout, /Total: 1 request, 1,350 tokens/);
  for (const secret of [...Object.values(SECRETS), gateway.token]) assert.ok(!`${status}${stdout}`.includes(secret));
});

test("a spent budget refuses on every wire so that agents stop, and a raised one goes on", async (context) => {
  const world = createWorld(context);
  const first = await start(context, world, "--max-tokens", "1000");
  await (await ask(first, "anthropic", "hello")).text();
  const statuses = await Promise.all(WIRES.map(async (wire) => (await ask(first, wire, "hello")).status));
  assert.deepEqual(statuses, [402, 429, 402, 402]);
  await first.end("SIGINT");
  const resumed = await start(context, world, "--resume");
  assert.equal(resumed.gateway, first.gateway);
  assert.equal((await ask(resumed, "anthropic", "hello")).status, 402, "what was spent before still counts");
  await resumed.end("SIGINT");
  const raised = await start(context, world, "--resume", first.gateway, "--max-tokens", "100000");
  assert.equal((await ask(raised, "anthropic", "hello")).status, 200);
  await raised.end("SIGINT");
  const rows = await readRows(world, "--run", first.gateway);
  assert.deepEqual(
    rows.map(({ refused }) => refused),
    [null, "budget", "budget", "budget", "budget", "budget", null],
  );
});

test("a day's budget counts what every gateway of the user spent", async (context) => {
  const world = createWorld(context);
  mkdirSync(join(world.cwd, ".config", "cloister"), { recursive: true });
  const configuration = "gateway: { budgets: { day: { maxTokens: 2000 } } }";
  writeFileSync(join(world.cwd, ".config", "cloister", "config.yaml"), configuration);
  const statuses: number[] = [];
  for (let count = 0; count < 3; count += 1) {
    const gateway = await start(context, world);
    statuses.push((await ask(gateway, "gemini", "hello")).status);
    await gateway.end("SIGINT");
  }
  assert.deepEqual(statuses, [200, 200, 402]);
});

test("--max-cost stops after the request that spends it", async (context) => {
  const world = createWorld(context);
  const gateway = await start(context, world, "--max-cost", "0.0001");
  const statuses: number[] = [];
  for (let count = 0; count < 3; count += 1) statuses.push((await ask(gateway, "anthropic", "hello")).status);
  assert.deepEqual(statuses, [200, 402, 402]);
});

test("after kill -9 in the middle of 100 streams every promise is charged as lost, in the ledger and on resume", async (context) => {
  const world = createWorld(context, { CLOISTER_GATEWAY_CONCURRENCY: "100" });
  const killed = await start(context, world);
  const wires = Array.from({ length: 100 }, (_, index) => WIRES[index % WIRES.length] ?? "anthropic");
  const streams = await Promise.all(wires.map((wire) => ask(killed, wire, "hang")));
  const { underWay } = (await (await fetch(`${killed.status}status.json`)).json()) as {
    underWay: { request: string; reservedCost: number; reservedTokens: number }[];
  };
  assert.equal(underWay.length, wires.length);
  assert.equal(await killed.end("SIGKILL"), null);
  await Promise.all(streams.map((stream) => assert.rejects(stream.text())));

  const promised = new Map(underWay.map((open) => [open.request, open]));
  const dead = await readRows(world);
  const expected = dead.map(({ request }) => ({ lost: "lost", cost: promised.get(request)?.reservedCost }));
  assert.deepEqual(
    dead.map(({ completeness, cost }) => ({ lost: completeness, cost })),
    expected,
  );
  assert.equal(dead.length, wires.length);

  const resumed = await start(context, world, "--resume");
  await resumed.end("SIGINT");
  const { cost, tokens } = await resumed.nextLine("gateway_ended");
  assert.equal(
    cost,
    underWay.reduce((total, { reservedCost }) => total + reservedCost, 0),
  );
  assert.equal(
    tokens,
    underWay.reduce((total, { reservedTokens }) => total + reservedTokens, 0),
  );
  const after = await readRows(world);
  assert.deepEqual(
    after.map(({ request, cost }) => [request, cost]),
    dead.map(({ request, cost }) => [request, cost]),
  );
  const { code, stdout } = await runCli(["audit", "--journal", killed.gateway], world);
  assert.equal(code, 0);
  assert.match(stdout, /is whole/);
});

test("what was recorded is played again, without a provider and without a key", async (context) => {
  const world = createWorld(context);
  const recording = await start(context, world, "--record", "cassettes");
  const said = await (await ask(recording, "openai_chat", "hello")).text();
  await recording.end("SIGINT");
  assert.deepEqual(readdirSync(join(world.cwd, "cassettes")).length, 1);
  const seen = server.requests.length;
  const bare = { cwd: world.cwd, env: { CLOISTER_STATE_HOME: world.env["CLOISTER_STATE_HOME"] ?? "" } };
  const replaying = await start(context, bare, "--replay", "cassettes");
  assert.equal(await (await ask(replaying, "openai_chat", "hello")).text(), said);
  assert.equal(server.requests.length, seen);
});

test("a gateway that is at work can't be resumed by another process", async (context) => {
  const world = createWorld(context);
  const gateway = await start(context, world);
  const { code, stderr } = await runCli(["gateway", "--resume", gateway.gateway], world);
  assert.equal(code, 2);
  assert.match(stderr, /is at work in process \d+/);
});

test("an interrupt cuts what is under way, settles it and exits with 0", async (context) => {
  const world = createWorld(context);
  const gateway = await start(context, world);
  const stream = await ask(gateway, "anthropic", "hang");
  assert.equal(await gateway.end("SIGINT"), 0);
  await assert.rejects(stream.text());
  const [row] = await readRows(world);
  assert.deepEqual([row?.completeness, row?.status], ["partial", 200]);
});

for (const [name, args, message] of [
  ["without any credential", [], /none\.\n +Set ANTHROPIC_API_KEY/],
  ["with a folder that holds no cassette", ["--replay", "."], /Expected cassettes in .*, found none/],
  ["with an id that is none", ["--resume", "nothing"], /found 0 for "nothing"/],
] as const)
  test(`${name} it says what to do, and leaves no ledger behind`, async (context) => {
    const { cwd } = createWorld(context);
    const { code, stderr } = await runCli(["gateway", ...args], { cwd });
    assert.ok(code === 2 || code === 8);
    assert.match(stderr, message);
    assert.deepEqual(readdirSync(cwd), []);
  });

/** With a host name that `fetch` would not send. */
function statusOf(url: string, host: string, method = "GET"): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { method, headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    outgoing.once("error", reject).end();
  });
}

test("the status page, its data and the metrics are served to this host alone, and escape what requests say", async (context) => {
  const world = createWorld(context);
  const gateway = await start(context, world, "--max-cost", "5");
  await (await ask(gateway, "anthropic", "hello")).text();
  const evil = { model: "<script>alert(1)</script>", messages: [] };
  const headers = { "content-type": "application/json", authorization: `Bearer ${gateway.token}` };
  await fetch(`${gateway.url}/v1/chat/completions`, { method: "POST", headers, body: JSON.stringify(evil) });
  const page = await fetch(gateway.status);
  const html = await page.text();
  assert.match(page.headers.get("content-security-policy") ?? "", /default-src 'none'/);
  assert.match(html, /claude-sonnet-4-5/);
  assert.match(html, /&lt;script&gt;alert/);
  assert.ok(!/<script|src=|url\(|javascript:/i.test(html.replaceAll(/&lt;.*?&gt;/g, "")));
  assert.match(await (await fetch(`${gateway.status}metrics`)).text(), /gen_ai_client_token_usage/);
  const attempts = [
    statusOf(gateway.status, "evil.example"),
    statusOf(gateway.status, "127.0.0.1.evil.example"),
    statusOf(gateway.status, "localhost:80"),
    statusOf(gateway.status, "127.0.0.1", "POST"),
    statusOf(`${gateway.status}other`, "127.0.0.1"),
  ];
  assert.deepEqual(await Promise.all(attempts), [403, 403, 200, 405, 404]);
});
