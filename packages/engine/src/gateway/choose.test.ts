import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Provider } from "@cloister/core";
import { chooseGateway, describeChoice } from "./choose.ts";
import type { GatewayPolicy } from "./policy.ts";

let home = "";
before(() => {
  home = mkdtempSync(join(tmpdir(), "cloister-choose-"));
  mkdirSync(join(home, ".claude"));
  const login = { claudeAiOauth: { accessToken: "a-token-of-a-login", expiresAt: Date.now() + 3_600_000 } };
  writeFileSync(join(home, ".claude", ".credentials.json"), JSON.stringify(login));
});
after(() => rmSync(home, { recursive: true }));

const KEY = { ANTHROPIC_API_KEY: "a-key-of-the-user" };

const CASES: readonly [
  name: string,
  use: GatewayPolicy["use"],
  agent: readonly Provider[],
  env: Readonly<Record<string, string>>,
  expected: readonly Provider[] | undefined | "refused",
][] = [
  ["an agent whose provider has a key", "auto", ["anthropic"], KEY, ["anthropic"]],
  ["an agent of any provider, for those that have a key", "auto", ["openai", "anthropic"], KEY, ["anthropic"]],
  ["no agent whose provider has none", "auto", ["gemini"], KEY, undefined],
  ["no agent that can't be redirected", "auto", [], KEY, undefined],
  ["no agent where it is switched off", "never", ["anthropic"], KEY, undefined],
  ["no agent whose login only itself can renew", "auto", ["anthropic"], {}, undefined],
  ["every agent, with its login", "always", ["anthropic"], {}, ["anthropic"]],
  ["no agent that uses another cloud", "auto", ["anthropic"], { ...KEY, CLAUDE_CODE_USE_BEDROCK: "1" }, undefined],
  ["an agent whose other cloud is off", "auto", ["anthropic"], { ...KEY, CLAUDE_CODE_USE_BEDROCK: "0" }, ["anthropic"]],
  ["every agent, or it is refused", "always", ["gemini"], KEY, "refused"],
  ["every agent that can be redirected, or it is refused", "always", [], KEY, "refused"],
];

describe("the gateway is for", () => {
  for (const [name, use, providers, changes, expected] of CASES) {
    it(`${name} (${use})`, () => {
      const env = { HOME: home, ...changes };
      const choose = (): ReturnType<typeof chooseGateway> =>
        chooseGateway({ policy: { use, credentials: [] }, agent: { title: "The agent", providers }, env });
      if (expected === "refused") assert.throws(choose, { code: "agent_unavailable" });
      else assert.deepEqual(choose()?.providers, expected);
    });
  }

  it("people, who read which credential it is used with", () => {
    const agent = { title: "The agent", providers: ["anthropic"] as const };
    const choice = chooseGateway({ policy: { use: "auto", credentials: [] }, agent, env: { HOME: home, ...KEY } });
    assert.ok(choice !== undefined);
    assert.equal(describeChoice(choice), "The gateway meters it, with the variable ANTHROPIC_API_KEY.");
  });
});
