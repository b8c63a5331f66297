import assert from "node:assert/strict";
import { hash, randomBytes } from "node:crypto";
import { outcomeOf, runIn, saidIn, startIn } from "../../../src/machines/testing/run-in-machine.ts";
import type { Cases } from "../subject.ts";

/** Leaves a process behind that belongs to no session and no parent of its own, and says its number. */
const FLEE = "(setsid /bin/sh -c 'echo $$; exec sleep 300' &) ; sleep 0.2 2>/dev/null || sleep 1";
const AT_ONCE = 20;

const MOST_TRIES = 3;

/** Does it take less than `ms`, once at least? Others may keep the host busy. */
async function isEverWithin(ms: number, act: () => Promise<unknown>): Promise<boolean> {
  for (let tries = 1; tries <= MOST_TRIES; tries++) {
    const startedAt = performance.now();
    await act();
    if (performance.now() - startedAt < ms) return true;
  }
  return false;
}

/** What happens to programs in machines. */
export const PROGRAM_CASES: Cases = {
  "says what it is before anything is made": async (subject) => {
    const { view, name, manager } = subject;
    assert.ok(await isEverWithin(3000, () => manager.drivers()));
    assert.equal(view.usable, true, view.reason);
    assert.match(view.reason, /\w+ .*\w+/);
    assert.ok(["native", "kvm", "hvf", "tcg"].includes(view.acceleration));
    assert.ok(view.limitations.every((limitation) => limitation.endsWith(".")));
    assert.equal(view.isolation === "none", name === "host");
    if (name === "host") assert.match(view.reason, /no isolation/);
  },

  "is listed and found, and gives programs what its surroundings say": async (subject) => {
    const { manager, name } = subject;
    const { env, surroundings, view } = await subject.main();
    assert.deepEqual(
      (await manager.list()).map((machine) => [machine.name, machine.driver, machine.state]),
      [["main", name, "running"]],
    );
    assert.equal((await manager.get(view.id.slice(0, 8))).name, "main");
    assert.equal(env["HOME"], surroundings.home);
    if (surroundings.user !== undefined) assert.equal(await saidIn(await subject.main(), "id -un"), surroundings.user);
    assert.equal(
      await saidIn(await subject.main(), 'cd "$HOME" && touch mine && rm mine && echo writable'),
      "writable",
    );
  },

  "keeps what a program says apart, and tells how it ended": async (subject) => {
    const machine = await subject.main();
    const said = await runIn(machine, "echo out; echo err >&2; exit 7");
    assert.deepEqual([said.stdout, said.stderr], ["out\n", "err\n"]);
    assert.deepEqual([said.end.cause, said.end.code, said.end.signal], ["exited", 7, null]);
    const killed = await runIn(machine, "kill -TERM $$; sleep 60");
    assert.deepEqual([killed.end.code, killed.end.signal], [null, "SIGTERM"]);
    const running = startIn(machine, ["sleep", "60"]);
    await running.pid;
    running.signal("SIGINT");
    assert.equal((await outcomeOf(running)).end.signal, "SIGINT");
  },

  "gives a program its input, in full": async (subject) => {
    const machine = await subject.main();
    const content = randomBytes(300_000);
    const running = startIn(machine, ["sha256sum"], { stdin: "open" });
    const outcome = outcomeOf(running);
    for (let at = 0; at < content.length; at += 70_000) await running.write(content.subarray(at, at + 70_000));
    running.closeInput();
    assert.equal((await outcome).stdout.split(" ")[0], hash("sha256", content));
    assert.equal(await saidIn(machine, "wc -c"), "0", "without input it is at its end");
  },

  "gives a program exactly the environment and the folder that it is to have": async (subject) => {
    const machine = await subject.main();
    const env = { PATH: machine.env["PATH"] ?? "", ONE: "a  b'c\"\nd", ÜBER: "日本", EMPTY: "" };
    const said = await runIn(machine, ["env", "-0"], { env, cwd: "/" });
    assert.deepEqual(
      said.stdout.split("\0").filter(Boolean).sort(),
      Object.entries(env)
        .map(([name, value]) => `${name}=${value}`)
        .sort(),
    );
    assert.equal(await saidIn(machine, ["pwd"], { cwd: "/proc" }), "/proc");
    const nowhere = await runIn(machine, ["pwd"], { cwd: "/no/such/folder" });
    assert.deepEqual([nowhere.end.cause, nowhere.end.error], ["not_started", "ENOENT"]);
  },

  "says that a program can't be found": async (subject) => {
    const { end, stdout } = await runIn(await subject.main(), ["no-such-program"]);
    assert.deepEqual([end.cause, end.code, end.error, stdout], ["not_started", null, "ENOENT", ""]);
  },

  "gives a program a terminal of the size that is asked for, and of another later": async (subject) => {
    const running = startIn(await subject.main(), "stty size; read -r _; stty size", {
      terminal: { columns: 101, rows: 37 },
      stdin: "open",
    });
    let said = "";
    for await (const chunk of running.stdout) {
      said += Buffer.from(chunk).toString();
      if (said !== "37 101\r\n") continue;
      running.resize({ columns: 55, rows: 21 });
      await running.write(Buffer.from("\n"));
    }
    // In between is the end of line that the terminal echoes.
    assert.deepEqual(said.split(/[\r\n]+/), ["37 101", "21 55", ""]);
    assert.equal((await running.exit).code, 0);
  },

  "ends a program at its time limit": async (subject) => {
    const startedAt = performance.now();
    const { end } = await runIn(await subject.main(), "trap '' TERM INT HUP; while :; do sleep 1; done", {
      timeLimitMs: 500,
    });
    assert.equal(end.cause, "time_limit");
    assert.ok(performance.now() - startedAt < 10_000);
  },

  "ends what flees from a program, once that has ended": async (subject) => {
    const machine = await subject.main();
    const { stdout, end } = await runIn(machine, FLEE);
    const pid = Number(stdout);
    assert.ok(pid > 1, stdout);
    assert.equal(end.survivors >= 1, true, JSON.stringify(end));
    assert.equal((await runIn(machine, ["test", "-e", `/proc/${pid}`])).end.code, 1);
  },

  [`runs ${AT_ONCE} programs at once`]: async (subject) => {
    const machine = await subject.main();
    const numbers = Array.from({ length: AT_ONCE }, (_, index) => String(index));
    assert.deepEqual(await Promise.all(numbers.map((number) => saidIn(machine, ["echo", number]))), numbers);
  },
};
