/** The peer: the agent alone, in a shell's `while` loop. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Sandbox } from "./sandbox.ts";

/** A loop to run: `command` by a shell, with a prompt on standard input, `iterations` times; `after` follows each time. */
export type BareLoop = { readonly command: string; readonly iterations: number; readonly after?: string };

/** A prompt of the size that Cloister composes for a small plan. */
const PROMPT = "Work on the task, then say what you did.\n".repeat(50);

/** Runs the loop in a folder of its own, a git repository. */
export async function runBareLoop(
  { folder, env }: Sandbox,
  { command, iterations, after = ":" }: BareLoop,
): Promise<void> {
  const cwd = join(folder, "bare");
  mkdirSync(cwd, { recursive: true });
  const prompt = join(folder, "prompt.md");
  writeFileSync(prompt, PROMPT);
  const script = `[ -d .git ] || git init -q
    i=0; while [ $i -lt ${iterations} ]; do i=$((i+1)); sh -c "$AGENT" <"${prompt}" >/dev/null; ${after}; done`;
  const child = spawn("sh", ["-c", script], { cwd, env: { ...env, AGENT: command }, stdio: "ignore" });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`the bare loop ended with ${code}`);
}
