import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import { toRequest } from "./request.ts";
import type { AgentAdapter, Launch, LaunchRequest } from "../port.ts";

/** What Linux takes as one argument (`MAX_ARG_STRLEN`). */
const LONGEST_ARGUMENT_BYTES = 128 * 1024;

/** Tests how an adapter starts its agent. */
export function testLaunch(adapter: AgentAdapter): void {
  const isShell = adapter.name === "command";
  const launch = (changes: Partial<LaunchRequest> = {}): Launch =>
    adapter.launch(toRequest({ ...(isShell ? { command: "my-agent" } : {}), ...changes }));

  void test("hands over a prompt of a megabyte other than as an argument", () => {
    const started = launch({ prompt: "ä".repeat(512 * 1024) });
    for (const argument of started.args) assert.ok(Buffer.byteLength(argument) < LONGEST_ARGUMENT_BYTES);
    assert.ok(started.stdin === "prompt" || started.args.some((argument) => argument.includes("prompt.md")));
  });
  void test("leaves the user's environment in place", () => {
    const env = { PATH: "/usr/bin", HOME: "/home/user", SOME_API_KEY: "value", LANG: "C.UTF-8" };
    assert.deepEqual({ ...launch({ env }).env, ...env }, launch({ env }).env);
  });
  void test("writes files below the scratch folder alone", () => {
    const env = {
      GEMINI_API_KEY: "key",
      GOOGLE_GEMINI_BASE_URL: "http://127.0.0.1:1",
      OPENAI_BASE_URL: "http://127.0.0.1:1",
    };
    const { scratch } = toRequest();
    for (const path of Object.keys(launch({ env }).files ?? {})) assert.ok(path.startsWith(`${scratch}/`), path);
  });
  void test("throws nothing, whatever is asked for", () => {
    const text = fc.oneof(
      fc.string(),
      fc.constantFrom("", "'", '"', "\\", "$(x)", "-p", "\0", "a 'b", "{prompt_file}"),
    );
    const optional = fc.option(text, { nil: undefined });
    const requests = fc.tuple(text, optional, optional, fc.boolean(), fc.dictionary(text, text));
    fc.assert(
      fc.property(requests, ([prompt, command, model, asRoot, env]) => {
        const given = { ...(command === undefined ? {} : { command }), ...(model === undefined ? {} : { model }) };
        assert.equal(typeof adapter.launch(toRequest({ prompt, asRoot, env, ...given })).file, "string");
      }),
    );
  });
  if (adapter.capabilities.model) {
    void test("asks for the model that is wanted, and for none by itself", () => {
      assert.ok(launch({ model: "some-model" }).args.includes("some-model"));
      assert.ok(!launch().args.includes("--model"));
    });
  }
  if (isShell) return;
  void test("starts what stands for the program, with the adapter's arguments behind its own", () => {
    const replaced = launch({ command: `"/opt/my agent/run" --flag 'two words'` });
    assert.equal(replaced.file, "/opt/my agent/run");
    assert.deepEqual(replaced.args, ["--flag", "two words", ...launch().args]);
  });
}
