import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { V8_POOL_OPTION } from "@cloister/vm/v8-pool";

const MODULE = JSON.stringify(new URL("ensure-v8-pool.ts", import.meta.url).href);

/** Asks for the threads, and says what process it is, with what arguments, and what it read. */
const PROGRAM = `
  const { ensureV8Pool } = await import(${MODULE});
  ensureV8Pool();
  const { text } = await import("node:stream/consumers");
  const { pid, execArgv, argv } = process;
  console.log(JSON.stringify({ pid, options: execArgv.filter((option) => option.startsWith("--v8")), words: argv.slice(1), read: await text(process.stdin) }));
`;

const cases: readonly {
  readonly title: string;
  readonly options: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly expected: readonly string[];
}[] = [
  { title: "has the threads that a machine wants", options: [], env: {}, expected: [V8_POOL_OPTION] },
  { title: "keeps what Node was started with", options: ["--v8-pool-size=3"], env: {}, expected: ["--v8-pool-size=3"] },
  { title: "keeps what the environment says", options: [], env: { NODE_OPTIONS: "--v8-pool-size=3" }, expected: [] },
];

for (const { title, options, env, expected } of cases)
  test(`the process ${title}, and is the same for whoever started it`, async () => {
    const args = [...options, "--input-type=module", "--eval", PROGRAM, "--", "vm", "run", "a b"];
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.end("typed early");
    const said: unknown = JSON.parse(await text(child.stdout));
    assert.deepEqual(said, { pid: child.pid, options: expected, words: ["vm", "run", "a b"], read: "typed early" });
  });
