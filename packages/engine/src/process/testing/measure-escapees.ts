// Measures how soon an escapee is remembered that has neither marker nor output, by the time for which its parent lived on:
// node packages/engine/src/process/testing/measure-escapees.ts
import { isAlive } from "../index.ts";
import { start, textOf } from "./start.ts";

const ROUNDS = 20;
/** Seconds after the leader's start at which it escapes: before the first look, and when looks come every second. */
const beginnings = [0, 1.6];
/** Seconds for which the parent lives on. */
const lives = [0, 0.05, 0.15, 0.5, 1.1];

for (const beginning of beginnings) {
  for (const life of lives) {
    const caught = await Promise.all(
      Array.from({ length: ROUNDS }, (_, round) => isCaught(beginning + round * 0.05 * beginning, life)),
    );
    process.stdout.write(
      `escapes after ${beginning} s, parent lives on for ${life} s: caught ${caught.filter(Boolean).length} of ${ROUNDS}\n`,
    );
  }
}

async function isCaught(beginning: number, life: number): Promise<boolean> {
  const escape = "env -i setsid sleep 60 >/dev/null 2>&1 </dev/null & echo $!";
  const running = start(`sleep ${beginning}; ${escape}; sleep ${life}`);
  const pid = Number(await textOf(running.stdout));
  await running.exit;
  if (!isAlive(pid)) return true;
  process.kill(pid, "SIGKILL");
  return false;
}
