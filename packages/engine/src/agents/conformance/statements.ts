import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { AgentAdapter } from "../port.ts";

const SECRET = "a-secret-that-nobody-may-see";

/** Tests what an adapter says of its agent: capabilities, limitations, and what a probe finds. */
export function testStatements(adapter: AgentAdapter): void {
  void test("says what follows from each thing that its agent can't do", () => {
    const { capabilities } = adapter;
    const missing: readonly (readonly [string, boolean, RegExp])[] = [
      ["usage", !capabilities.usage, /tokens/],
      ["cost", !capabilities.cost, /money/],
      ["resume", !capabilities.resume, /session/],
      ["steering", !capabilities.steering, /remark/],
      ["finalMessage", capabilities.finalMessage === "text", /prints/],
      ["model", !capabilities.model, /model/],
      ["redirect", !capabilities.redirect, /endpoint/],
    ];
    const unsaid = missing.filter(
      ([, isMissing, word]) => isMissing && !adapter.limitations.some((text) => word.test(text)),
    );
    assert.deepEqual(
      unsaid.map(([name]) => name),
      [],
    );
  });
  void test("says what to do where its program is not installed", async () => {
    const status = await adapter.probe({ PATH: "/nonexistent", HOME: "/nonexistent" });
    assert.equal(status.installed, false);
    assert.match(status.detail, /^\S.*\.$/);
  });
  void test("finds path, version and login of what stands for its program, and tells no secret", async () => {
    const folder = mkdtempSync(join(tmpdir(), "cloister-probe-"));
    try {
      const program = join(folder, "my-agent");
      writeFileSync(program, "#!/bin/sh\necho my-agent 9.8.7\n", { mode: 0o755 });
      const keys = [
        "ANTHROPIC_API_KEY",
        "CODEX_API_KEY",
        "GEMINI_API_KEY",
        "GH_TOKEN",
        "OPENAI_API_KEY",
        "KIRO_API_KEY",
      ];
      const env = { PATH: "/usr/bin:/bin", HOME: folder, ...Object.fromEntries(keys.map((key) => [key, SECRET])) };
      const status = await adapter.probe(env, program);
      assert.equal(status.installed, true);
      assert.ok(["logged_in", "not_needed"].includes(status.login));
      if (adapter.name !== "command") assert.deepEqual([status.path, status.version], [program, "9.8.7"]);
      assert.ok(!JSON.stringify(status).includes(SECRET));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}
