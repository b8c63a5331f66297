import { deepEqual, throws } from "node:assert/strict";
import { describe, test } from "node:test";
import type { UpstreamSource } from "../policy.ts";
import { findUpstreams } from "./index.ts";

const find = (env: Record<string, string>, upstreams: readonly UpstreamSource[] = []): string[] =>
  findUpstreams(env, { upstreams }).map(({ name, provider, baseUrl }) => `${name} (${provider}) ${baseUrl}`);
const PUBLIC = [
  "anthropic (anthropic) https://api.anthropic.com",
  "openai (openai) https://api.openai.com/v1",
  "gemini (gemini) https://generativelanguage.googleapis.com",
];

test("without any word on it, providers are asked at their public addresses", () => {
  deepEqual(find({ ANTHROPIC_BASE_URL: " ", OPENAI_BASE_URL: "" }), PUBLIC);
});

test("the environment's address comes first, then those of the policy, and then none", () => {
  const upstreams: readonly UpstreamSource[] = [
    { provider: "openai", baseUrl: "https://two.example/v1" },
    { provider: "openai", baseUrl: "https://one.example/v1" },
    { provider: "openai", baseUrl: "https://three.example/v1" },
    { provider: "gemini", baseUrl: "https://g.example" },
  ];
  deepEqual(find({ OPENAI_BASE_URL: "https://one.example/v1/" }, upstreams), [
    "anthropic (anthropic) https://api.anthropic.com",
    "openai (openai) https://one.example/v1",
    "openai-fallback (openai) https://two.example/v1",
    "openai-fallback-2 (openai) https://three.example/v1",
    "gemini (gemini) https://g.example",
  ]);
});

describe("each provider's variable is read:", () => {
  for (const [index, name] of ["ANTHROPIC_BASE_URL", "OPENAI_BASE_URL", "GOOGLE_GEMINI_BASE_URL"].entries()) {
    test(name, () => {
      const expected = PUBLIC.map((line, at) =>
        at === index ? line.replace(/https:.*/, "http://127.0.0.1:8080") : line,
      );
      deepEqual(find({ [name]: "http://127.0.0.1:8080/" }), expected);
    });
  }
});

describe("refused, by the variable's name alone, is", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["what is no address", "secret"],
    ["an address of another kind", "file:///secret"],
    ["an address with a password", "https://user:secret@models.example.com"],
    ["an address with a query", "https://models.example.com?key=secret"],
    ["an address with a fragment", "https://models.example.com#secret"],
    ["an endless address", `https://models.example.com/${"secret".repeat(1000)}`],
  ];
  for (const [what, value] of cases) {
    test(what, () => {
      const message = /^expected an address such as .* in OPENAI_BASE_URL, found something else\.$/;
      throws(() => find({ OPENAI_BASE_URL: value }), { code: "config_invalid", message });
    });
  }
});
