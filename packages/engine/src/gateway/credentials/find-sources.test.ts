import { deepEqual } from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { CredentialSource } from "../policy.ts";
import { findCredentialSources } from "./index.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "cloister-logins-"));
});
afterEach(() => rmSync(home, { recursive: true }));

const find = (env: Record<string, string>, credentials: readonly CredentialSource[] = []): string[] =>
  findCredentialSources({ HOME: home, ...env }, { credentials }).map(
    ({ provider, kind, from }) =>
      `${provider} ${kind} ${from.type === "env" ? from.name : from.type === "file" ? from.path.replace(home, "~") : from.type}`,
  );
const write = (path: string, text: string): void => {
  mkdirSync(join(home, path, ".."), { recursive: true });
  writeFileSync(join(home, path), text);
};

describe("variables of the caller's environment are found:", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["ANTHROPIC_API_KEY", "anthropic api_key"],
    ["ANTHROPIC_AUTH_TOKEN", "anthropic bearer"],
    ["CLAUDE_CODE_OAUTH_TOKEN", "anthropic oauth"],
    ["OPENAI_API_KEY", "openai bearer"],
    ["CODEX_API_KEY", "openai bearer"],
    ["GEMINI_API_KEY", "gemini api_key"],
    ["GOOGLE_API_KEY", "gemini api_key"],
  ];
  for (const [name, expected] of cases) {
    test(name, () => {
      deepEqual(find({ [name]: "a,b" }), [`${expected} ${name}`]);
      deepEqual(find({ [name]: " " }), []);
    });
  }
});

test("what the policy names comes first, and a value under two names counts once", () => {
  const helper: CredentialSource = {
    provider: "gemini",
    kind: "api_key",
    from: { type: "helper", command: "id", refreshMs: 1 },
  };
  const named: CredentialSource = { provider: "gemini", kind: "api_key", from: { type: "env", name: "TEAM" } };
  const env = { GEMINI_API_KEY: "one", GOOGLE_API_KEY: "two", TEAM: "two", OPENAI_API_KEY: "one" };
  deepEqual(find(env, [helper, named, helper]), [
    "gemini api_key helper",
    "gemini api_key TEAM",
    "openai bearer OPENAI_API_KEY",
    "gemini api_key GEMINI_API_KEY",
  ]);
});

describe("logins of agents", () => {
  const claude = JSON.stringify({ claudeAiOauth: { accessToken: "token", expiresAt: 1 } });
  const codex = JSON.stringify({ OPENAI_API_KEY: "key" });

  test("are found where agents keep them", () => {
    write(".claude/.credentials.json", claude);
    write(".codex/auth.json", codex);
    deepEqual(find({}), ["anthropic oauth ~/.claude/.credentials.json", "openai bearer ~/.codex/auth.json"]);
  });

  test("are found where agents were told to keep them", () => {
    write("a/.credentials.json", claude);
    write("b/auth.json", codex);
    deepEqual(find({ CLAUDE_CONFIG_DIR: join(home, "a"), CODEX_HOME: join(home, "b") }), [
      "anthropic oauth ~/a/.credentials.json",
      "openai bearer ~/b/auth.json",
    ]);
  });

  test("are left alone where something else is at hand for their provider", () => {
    write(".claude/.credentials.json", claude);
    write(".codex/auth.json", codex);
    deepEqual(find({ ANTHROPIC_API_KEY: "key" }), [
      "anthropic api_key ANTHROPIC_API_KEY",
      "openai bearer ~/.codex/auth.json",
    ]);
  });

  const useless: readonly (readonly [string, string, string])[] = [
    ["of Codex with ChatGPT", ".codex/auth.json", '{"OPENAI_API_KEY":null,"tokens":{"access_token":"chat"}}'],
    ["of Claude Code to tools alone", ".claude/.credentials.json", '{"mcpOAuth":{}}'],
    ["that are damaged", ".claude/.credentials.json", claude.slice(0, -2)],
  ];
  for (const [what, path, text] of useless) {
    test(`${what} are no credentials`, () => {
      write(path, text);
      deepEqual(find({}), []);
    });
  }
});
