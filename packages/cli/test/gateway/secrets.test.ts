/** Real credentials stay with the gateway: an agent that looks everywhere finds none, and none is on the disk afterwards. */
import assert from "node:assert/strict";
import { globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseScript, startModelServer } from "@cloister/testkit";
import { eventsOfType } from "../harness/cli-process.ts";
import { createTestRepository } from "../harness/test-repository.ts";

const SECRETS = {
  ANTHROPIC_API_KEY: "sk-ant-api03-a-secret-of-anthropic-7f3a9c",
  OPENAI_API_KEY: "sk-proj-a-secret-of-openai-1d8e44b0c2",
  GEMINI_API_KEY: "AIza-a-secret-of-gemini-55aa77bb99",
  OPENROUTER_API_KEY: "sk-or-a-secret-of-another-provider-31",
};

/**
 * Prints the environment of a command of the agent's, and of the agent that started it. (What Cloister itself was started with stays
 * readable below `/proc` for processes of the same user: only a machine of its own keeps an agent from it.)
 */
const LOOK = "env; cat /proc/self/environ /proc/$PPID/environ /proc/$PPID/cmdline | tr '\\0' '\\n'";
const SCRIPT = JSON.stringify({
  conversations: [
    {
      turns: [
        { calls: [{ shell: LOOK }] },
        { calls: [{ write: { path: "src/looked.mjs", content: "export const looked = true;\n" } }] },
      ],
      final: "TASK_COMPLETE",
    },
  ],
});

test("no byte of a credential reaches the agent, a gate, the journal, the evidence or a transcript", async () => {
  await using server = await startModelServer({ script: parseScript(SCRIPT) });
  using repository = createTestRepository({ env: { ...SECRETS, ANTHROPIC_BASE_URL: server.url } });
  const args = ["run", "plan.md", "--agent", "builtin", "--gate", "look=env", "--max-iterations", "1", "--json"];
  const end = await repository.run(args);
  const settled = eventsOfType(end, "request_settled");
  assert.ok(settled.length >= 3, "the agent was behind the gateway");
  assert.ok(
    server.requests.every(({ status }) => status === 200),
    "and the provider had its key",
  );
  const looked = server.requests.map(({ lastResult }) => lastResult ?? "").join("");
  assert.match(looked, /ANTHROPIC_BASE_URL=http:\/\/127\.0\.0\.1/, "it looked, and found the gateway's address");

  const kept = filesBelow(repository.folder);
  assert.ok(
    kept.some((path) => path.endsWith(".cassette")),
    "transcripts are among them",
  );
  for (const [name, secret] of Object.entries(SECRETS)) {
    const needle = secret.slice(0, 24);
    for (const path of kept) assert.ok(!readFileSync(path).includes(needle), `${name} is in ${path}`);
    for (const text of [end.stdout, end.stderr, looked]) assert.ok(!text.includes(needle), `${name} was printed`);
  }
});

function filesBelow(folder: string): string[] {
  return globSync("**/*", { cwd: folder, exclude: [] })
    .concat(globSync("**/.*/**/*", { cwd: folder }))
    .map((path) => join(folder, path))
    .filter((path) => statSync(path).isFile());
}
