import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { AGENT_NAMES, CloisterError } from "@cloister/core";
import { getAgent, probeAgents, resolveAgent } from "./registry.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-registry-"));
after(() => rmSync(folder, { recursive: true }));

/** A folder for PATH in which these programs answer `--version`. */
function withPrograms(...names: readonly string[]): Readonly<Record<string, string>> {
  const place = mkdtempSync(join(folder, "bin-"));
  for (const name of names) {
    writeFileSync(join(place, name), "#!/bin/sh\necho 1.2.3\n");
    chmodSync(join(place, name), 0o755);
  }
  return { PATH: `${place}:/usr/bin:/bin`, HOME: place };
}

suite("the registry of agents", () => {
  test("has an adapter for each name, which says that name", async () => {
    const adapters = await Promise.all(AGENT_NAMES.map(getAgent));
    assert.deepEqual(
      adapters.map(({ name }) => name),
      AGENT_NAMES,
    );
  });

  test("probes all agents, in order", async () => {
    const probes = await probeAgents(withPrograms("claude", "qwen"));
    assert.deepEqual(
      probes.map(({ adapter }) => adapter.name),
      AGENT_NAMES,
    );
    const installed = probes.filter(({ status }) => status.installed).map(({ adapter }) => adapter.name);
    assert.deepEqual(installed, ["claude", "qwen", "builtin"]);
    for (const { status } of probes) assert.match(status.detail, /\.$/);
  });

  const found = [
    ["a program on PATH", { name: "codex", env: withPrograms("codex") }, "codex", undefined],
    [
      "a program of one's own",
      { name: "claude", command: "my-claude -x", env: withPrograms("my-claude") },
      "claude",
      "my-claude -x",
    ],
    ["Kiro under its older name", { name: "q", env: withPrograms("q") }, "kiro", "q"],
    ["what the shell is to run", { name: "command", command: "cat | wc", env: {} }, "command", "cat | wc"],
    ["a program that speaks ACP", { name: "acp", command: "sh --acp", env: withPrograms() }, "acp", "sh --acp"],
    ["the builtin agent, which is always there", { name: "builtin", env: {} }, "builtin", undefined],
    [
      "what auto finds",
      { name: "auto", env: { ...withPrograms("codex", "gemini"), GEMINI_API_KEY: "k" } },
      "gemini",
      undefined,
    ],
    [
      "the builtin agent for auto, where only a key is set",
      { name: "auto", env: { ...withPrograms(), ANTHROPIC_API_KEY: "k" } },
      "builtin",
      undefined,
    ],
  ] as const;
  for (const [name, request, adapter, command] of found) {
    test(`resolves ${name}`, async () => {
      const resolved = await resolveAgent(request);
      assert.deepEqual([resolved.adapter.name, resolved.command], [adapter, command]);
      assert.equal(resolved.reason !== undefined, request.name === "auto");
    });
  }

  const refused = [
    ["an unknown name", { name: "clippy", env: {} }, "usage_invalid", /no agent "clippy".*auto, claude,.*builtin, q/],
    ["acp without a command", { name: "acp", env: {} }, "usage_invalid", /gemini --acp/],
    ["command without a command", { name: "command", env: {} }, "usage_invalid", /prompt_file/],
    ["auto with a command", { name: "auto", command: "x", env: {} }, "usage_invalid", /auto takes no --agent-command/],
    [
      "a program that is not there",
      { name: "codex", env: withPrograms() },
      "agent_unavailable",
      /codex is not on PATH/,
    ],
    [
      "a command that is not there",
      { name: "acp", command: "nothing --acp", env: withPrograms() },
      "agent_unavailable",
      /nothing is not on PATH/,
    ],
    [
      "auto where there is nothing",
      { name: "auto", env: withPrograms() },
      "agent_unavailable",
      /No usable coding agent.*Install one/,
    ],
  ] as const;
  for (const [name, request, code, text] of refused) {
    test(`refuses ${name}`, async () => {
      await assert.rejects(
        resolveAgent(request),
        (error) => CloisterError.isInstance(error) && error.code === code && text.test(error.describe()),
      );
    });
  }
});
