import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { chooseModel } from "./choose-model.ts";

type Case = {
  readonly name: string;
  readonly env: Record<string, string>;
  readonly model?: string;
  readonly expected: object;
};

const CASES: readonly Case[] = [
  {
    name: "the provider whose key is set, with its standard model",
    env: { OPENAI_API_KEY: "k" },
    expected: { provider: "openai", model: "gpt-6.1-sol", apiKey: "k", bearer: false },
  },
  {
    name: "Anthropic before the others; an empty key is none",
    env: { ANTHROPIC_API_KEY: "", ANTHROPIC_AUTH_TOKEN: "t", OPENAI_API_KEY: "k" },
    expected: { provider: "anthropic", model: "claude-opus-5-5", apiKey: "t", bearer: true },
  },
  {
    name: "the model that is asked for before the one of the environment",
    env: { GEMINI_API_KEY: "g", CLOISTER_BUILTIN_MODEL: "anthropic/x" },
    model: "google/y",
    expected: { provider: "google", model: "y", apiKey: "g", bearer: false },
  },
  {
    name: "a model without a provider: one of the provider whose key is set, slashes and all",
    env: { OPENAI_API_KEY: "k", CLOISTER_BUILTIN_MODEL: "lab/m1" },
    expected: { provider: "openai", model: "lab/m1", apiKey: "k", bearer: false },
  },
  {
    name: "an endpoint of one's own without a key",
    env: { OPENAI_BASE_URL: "http://127.0.0.1:1/v1/" },
    model: "openai-compatible/lab/m1",
    expected: {
      provider: "openai-compatible",
      model: "lab/m1",
      apiKey: "",
      bearer: false,
      baseUrl: "http://127.0.0.1:1/v1",
    },
  },
  {
    name: "Anthropic's base URL, which leaves out the version",
    env: { ANTHROPIC_API_KEY: "k", ANTHROPIC_BASE_URL: "http://127.0.0.1:1" },
    model: "anthropic/m",
    expected: { provider: "anthropic", model: "m", apiKey: "k", bearer: false, baseUrl: "http://127.0.0.1:1/v1" },
  },
  {
    name: "Google's base URL with the version already in it",
    env: { GEMINI_API_KEY: "k", GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:1/v1beta/" },
    model: "google/m",
    expected: { provider: "google", model: "m", apiKey: "k", bearer: false, baseUrl: "http://127.0.0.1:1/v1beta" },
  },
  {
    name: "nothing without any key: it says which there are",
    env: {},
    expected: {
      problem:
        "No key of a model provider is set. Set one of ANTHROPIC_API_KEY, ANTHROPIC_AUTH_TOKEN, OPENAI_API_KEY, CODEX_API_KEY, GEMINI_API_KEY, GOOGLE_API_KEY.",
    },
  },
  {
    name: "nothing where the key of the provider asked for is missing",
    env: { OPENAI_API_KEY: "k" },
    model: "google/m",
    expected: { problem: "google needs a key. Set GEMINI_API_KEY or GOOGLE_API_KEY." },
  },
  {
    name: "nothing for a compatible endpoint that is not named",
    env: { OPENAI_API_KEY: "k" },
    model: "openai-compatible/m",
    expected: { problem: "openai-compatible needs an endpoint. Set OPENAI_BASE_URL." },
  },
  {
    name: "nothing where a provider is named and no model",
    env: { OPENAI_API_KEY: "k" },
    model: "openai/",
    expected: { problem: "Name a model: openai/MODEL in CLOISTER_BUILTIN_MODEL." },
  },
];

suite("the builtin agent chooses", () => {
  for (const { name, env, model, expected } of CASES) {
    test(name, () => assert.deepEqual(chooseModel(env, model), expected));
  }
});
