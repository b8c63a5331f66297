import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { type AgentName, type AgentStatus, CloisterError } from "@cloister/core";
import { getAgent } from "../registry.ts";
import { type AgentProbe, chooseAgent } from "./index.ts";

const FOUND = {
  ready: { installed: true, login: "logged_in", detail: "A key is set." },
  unsure: { installed: true, login: "unknown", detail: "No sign of a login." },
  logged_out: { installed: true, login: "logged_out", detail: "Log in." },
  missing: { installed: false, login: "unknown", detail: "Not on PATH." },
} satisfies Record<string, AgentStatus>;

type Found = readonly (readonly [AgentName, keyof typeof FOUND])[];

function toProbes(found: Found): Promise<AgentProbe[]> {
  return Promise.all(found.map(async ([name, state]) => ({ adapter: await getAgent(name), status: FOUND[state] })));
}

suite("auto", () => {
  const cases: readonly (readonly [string, Found, string])[] = [
    [
      "the first that is logged in",
      [
        ["claude", "ready"],
        ["codex", "ready"],
      ],
      "claude is used: A key is set.",
    ],
    [
      "no one who is missing or logged out",
      [
        ["claude", "missing"],
        ["codex", "logged_out"],
        ["gemini", "ready"],
      ],
      "gemini is used: A key is set. Before it in order: claude is not installed; codex is logged out.",
    ],
    [
      "one whose login nobody knows",
      [
        ["kiro", "unsure"],
        ["builtin", "ready"],
      ],
      "kiro is used: No sign of a login.",
    ],
  ];
  for (const [name, found, reason] of cases) {
    test(`takes ${name}, and says why`, async () => {
      const choice = chooseAgent(await toProbes(found));
      assert.equal(choice.reason, reason);
      assert.equal(choice.adapter.name, reason.split(" ")[0]);
    });
  }

  test("fails where there is none, and says what was looked for and what to do", async () => {
    const probes = await toProbes([
      ["claude", "missing"],
      ["builtin", "logged_out"],
    ]);
    assert.throws(
      () => chooseAgent(probes),
      (error) =>
        CloisterError.isInstance(error) &&
        error.code === "agent_unavailable" &&
        error.message.includes("claude is not installed; builtin is logged out") &&
        /Install one of them/.test(error.remedy ?? ""),
    );
  });
});
