/**
 * The real Codex with its own provider, which tries a WebSocket first, at a gateway that serves alone. How often it tries again depends on
 * the answer: with 403, 404, 405, 501 or none, seven times in seven seconds; 400 ends its run; 426 sends it to HTTP at once.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import type { LedgerRow } from "@cloister/core";
import { parseScript, startModelServer } from "@cloister/testkit";
import { startGatewayProcess } from "../../src/testing/gateway-process.ts";
import { createTestRepository, type TestRepository } from "../harness/test-repository.ts";
import { agentEnvironment } from "../real-agents/text-tools.ts";
import { startCountingPipe } from "./counting-pipe.ts";

const SCRIPT = "conversations:\n  - turns: []\n    final: good day\n";

test("Codex is refused one WebSocket, goes on over HTTP, and completes", async () => {
  await using server = await startModelServer({ script: parseScript(SCRIPT) });
  using repository = createTestRepository();
  const { CLOISTER_STATE_HOME = "" } = repository.env;
  const gateway = await startGatewayProcess([], {
    cwd: repository.folder,
    env: { CLOISTER_STATE_HOME, OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: "no-secret" },
  });
  try {
    await using pipe = await startCountingPipe(gateway.url);
    const said = await runCodex(repository, `${pipe.url}/v1`, gateway.token);
    assert.match(said, /good day/);
    assert.match(said, /"type":"turn.completed"/);
    assert.deepEqual(
      pipe.heads.map((head) => [head.split(" HTTP/")[0], /^upgrade: websocket/im.test(head)]),
      [
        ["GET /v1/responses", true],
        ["POST /v1/responses", false],
      ],
    );
  } finally {
    assert.equal(await gateway.end("SIGINT"), 0);
  }
  const { stdout } = await repository.run(["gateway", "ledger", "--json"]);
  const { status, wire, input, cached, output } = JSON.parse(stdout) as LedgerRow;
  assert.deepEqual([status, wire], [200, "openai_responses"]);
  const [{ usage } = {}, another] = server.requests;
  assert.equal(another, undefined);
  assert.deepEqual([input, cached, output], [usage?.input, usage?.cacheRead, usage?.output]);
});

/** @returns what it printed. @throws where it does not end well within a minute. */
async function runCodex({ folder, root }: TestRepository, url: string, token: string): Promise<string> {
  const home = join(folder, "codex");
  mkdirSync(home);
  const args = [
    "exec",
    "--json",
    "--skip-git-repo-check",
    "-m",
    "gpt-5.5",
    "-c",
    `openai_base_url="${url}"`,
    "say hello",
  ];
  const env = { PATH: agentEnvironment("")["PATH"], HOME: home, CODEX_HOME: home, CODEX_API_KEY: token };
  const running = promisify(execFile)("codex", args, { cwd: root, env, timeout: 60_000 });
  running.child.stdin?.end();
  return (await running).stdout;
}
