import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { until } from "../../process/testing/until.ts";
import type { ExecEnd, ExecSpec } from "./port.ts";
import { peakMemory, processesWith, usedMemory } from "./testing/processes.ts";
import { connectAgent, run, shell, textOf } from "./testing/start-agent.ts";

let guest: Awaited<ReturnType<typeof connectAgent>>;
before(async () => {
  guest = await connectAgent();
});
after(() => guest[Symbol.asyncDispose]());

let markers = 0;
/** A variable that finds the processes of one test. */
function newMarker(): string {
  return `CLOISTER_TEST_MARKER=${process.pid}-${markers++}`;
}

/** A script whose processes carry the marker. */
function marked(script: string, marker: string, extra: Partial<ExecSpec> = {}): ExecSpec {
  const [name = "", value = ""] = marker.split("=");
  return shell(script, { env: { PATH: "/usr/bin:/bin", [name]: value }, ...extra });
}

const ends: readonly (readonly [name: string, script: string, end: Partial<ExecEnd>])[] = [
  ["with 0", "exit 0", { cause: "exited", code: 0, signal: null, survivors: 0 }],
  ["with a status", "exit 42", { cause: "exited", code: 42, signal: null }],
  ["by a signal", "kill -TERM $$", { cause: "exited", code: null, signal: "SIGTERM" }],
  ["by a fault", "kill -SEGV $$", { cause: "exited", code: null, signal: "SIGSEGV" }],
];
for (const [name, script, expected] of ends)
  test(`a program that ends ${name} is reported so`, async () => {
    const { cause, code, signal, survivors } = await run(guest, script);
    assert.deepEqual({ cause, code, signal, survivors }, { survivors: 0, ...expected });
  });

test("standard output and error come apart, whole and in order", async () => {
  const { stdout, stderr } = await run(guest, "seq 1 20000; echo problem >&2");
  assert.equal(stdout, Array.from({ length: 20_000 }, (_, index) => `${index + 1}\n`).join(""));
  assert.equal(stderr, "problem\n");
});

test("what is written arrives, and the end of the input with it", async () => {
  const text = "x".repeat(1_000_000);
  assert.equal((await run(guest, "cat", text)).stdout, text);
});

test("without input a program reads nothing", async () => {
  assert.equal((await run(guest, "cat; echo done")).stdout, "done\n");
});

test("environment and folder are as given, and nothing else", async () => {
  const { stdout } = await run(guest, {
    argv: ["env"],
    env: { PATH: "/usr/bin:/bin", A: "1 2", B: "ü\n" },
    cwd: "/usr",
  });
  assert.deepEqual(
    new Set(stdout.split(/\n(?=[A-Z]+=)/).map((line) => line.trimEnd())),
    new Set(["PATH=/usr/bin:/bin", "A=1 2", "B=ü"]),
  );
  assert.equal((await run(guest, shell("pwd", { cwd: "/usr" }))).stdout, "/usr\n");
});

test("a program runs as the user that is named, with that user's groups and home", async () => {
  const { cwd: _, ...spec } = shell("id -un; id -gn; pwd", { user: "daemon" });
  const { stdout, error } = await run(guest, spec);
  // Who is not root can't become somebody else.
  if (process.getuid?.() === 0) assert.equal(stdout, "daemon\ndaemon\n/usr/sbin\n");
  else assert.equal(error, "EPERM");
});

test("a program has no descriptor but its three", async () => {
  assert.equal((await run(guest, "ls /proc/self/fd")).stdout, "0\n1\n2\n3\n"); // The fourth is the folder that ls reads.
});

test("a long argument list arrives", async () => {
  const argv = ["/bin/sh", "-c", 'echo "$# ${#100}"', "sh", ...Array.from({ length: 100 }, () => "a".repeat(10_000))];
  assert.equal((await run(guest, { argv, env: {}, cwd: "/" })).stdout, "100 10000\n");
});

const impossible: readonly (readonly [name: string, spec: ExecSpec, error: string])[] = [
  ["is not there", { argv: ["no-such-program"], env: {}, cwd: "/" }, "ENOENT"],
  ["may not be run", { argv: ["/etc/passwd"], env: {}, cwd: "/" }, "EACCES"],
  ["has a folder that is not there", shell("true", { cwd: "/no/such/folder" }), "ENOENT"],
  ["is of a user that is not there", shell("true", { user: "nobody-of-that-name" }), "unknown user"],
  ["has no name", { argv: [], env: {} }, "EINVAL"],
  ["has a NUL in its name", { argv: ["a\0b"], env: {} }, "EINVAL"],
  ["has too many arguments", { argv: ["true", "a".repeat(5_000_000)], env: {} }, "The request is too large: E2BIG."],
];
for (const [name, spec, error] of impossible)
  test(`a program that ${name} has not started, and says why`, async () => {
    const running = guest.exec(spec);
    assert.equal(await running.pid, undefined);
    assert.deepEqual(await running.exit, { cause: "not_started", code: null, signal: null, survivors: 0, error });
    assert.equal(await textOf(running.stdout), "");
  });

test("a signal reaches the program's group", async () => {
  const running = guest.exec(shell('trap "echo caught; exit 7" USR1; echo ready; while :; do sleep 0.01; done'));
  const output = textOf(running.stderr);
  let text = "";
  for await (const bytes of running.stdout) {
    text += Buffer.from(bytes).toString();
    if (text === "ready\n") running.signal("SIGUSR1");
  }
  await output;
  assert.equal(text, "ready\ncaught\n");
  assert.equal((await running.exit).code, 7);
});

suite("a terminal", () => {
  test("is the controlling one, has its size, and tells of a new one", async () => {
    const script =
      'tty | sed "s/[0-9]*$//"; stty size; trap "stty size; exit" WINCH; echo ready; while :; do sleep 0.01; done';
    const running = guest.exec(shell(script, { terminal: { columns: 100, rows: 30 }, stdin: "open" }));
    let text = "";
    for await (const bytes of running.stdout) {
      text += Buffer.from(bytes).toString();
      if (text.endsWith("ready\r\n")) running.resize({ columns: 120, rows: 40 });
    }
    assert.equal(text, "/dev/pts/\r\n30 100\r\nready\r\n40 120\r\n");
    assert.equal((await running.exit).cause, "exited");
  });

  test("carries an interrupt, and the end of the input", async () => {
    const running = guest.exec(
      shell('trap "echo stopped" INT; cat; cat; echo over', { terminal: { columns: 80, rows: 24 }, stdin: "open" }),
    );
    let text = "";
    let step = 0;
    await running.write(Buffer.from("hello\n"));
    for await (const bytes of running.stdout) {
      text += Buffer.from(bytes).toString();
      if (step === 0 && text.includes("hello\r\nhello\r\n")) {
        step = 1;
        await running.write(Buffer.of(3));
      }
      if (step === 1 && text.includes("stopped")) {
        step = 2;
        running.closeInput();
      }
    }
    assert.match(text, /stopped\r\nover\r\n$/);
    assert.equal((await running.exit).code, 0);
  });
});

const escapees: readonly (readonly [name: string, script: string])[] = [
  ["a child in the background", "sleep 60 &"],
  ["a process in a session of its own", "setsid sleep 60 &"],
  ["a daemon that forked twice", "(setsid sh -c 'sleep 60 & exit' </dev/null >/dev/null 2>&1 &)"],
  ["one that ignores signals", "(trap '' TERM HUP INT; setsid sleep 60 &)"],
  ["one that is stopped", "setsid sh -c 'kill -STOP $$; sleep 60' &"],
];
suite("nothing outlives", () => {
  for (const [name, script] of escapees) {
    test(`a program that ends: ${name}`, async () => {
      const marker = newMarker();
      const end = await run(guest, marked(`${script}\nsleep 0.05; exit 5`, marker));
      assert.deepEqual(processesWith(marker), []);
      assert.equal(end.code, 5);
      assert.ok(end.survivors >= 1, `expected survivors to be counted, got ${end.survivors}`);
    });

    test(`a program that is killed: ${name}`, async () => {
      const marker = newMarker();
      const running = guest.exec(marked(`${script}\necho ready; sleep 60`, marker));
      for await (const _ of running.stdout) running.kill();
      assert.deepEqual(
        { ...(await running.exit), survivors: 0 },
        { cause: "killed", code: null, signal: "SIGKILL", survivors: 0 },
      );
      assert.deepEqual(processesWith(marker), []);
    });
  }

  test("its time limit", async () => {
    const marker = newMarker();
    const end = await run(guest, marked("setsid sleep 60 & sleep 60", marker, { timeLimitMs: 150 }));
    assert.equal(end.cause, "time_limit");
    assert.equal(end.signal, "SIGKILL");
    assert.deepEqual(processesWith(marker), []);
  });

  test("a program that forks without end", async () => {
    const marker = newMarker();
    const bomb = "f() { [ $1 -gt 0 ] && { setsid sh -c 'sleep 60' & f $(($1 - 1)) & }; sleep 60; }; f 40; wait";
    const end = await run(guest, marked(bomb, marker, { timeLimitMs: 300 }));
    assert.equal(end.cause, "time_limit");
    assert.deepEqual(processesWith(marker), []);
  });

  test("a program that kills its own supervisor", async () => {
    const marker = newMarker();
    const end = await run(guest, marked("setsid sleep 60 & sleep 0.05; kill -KILL $PPID; sleep 60", marker));
    assert.equal(end.cause, "killed");
    assert.equal(end.error, "its supervisor was killed");
    await until("all of it has gone", () => processesWith(marker).length === 0);
  });
});

test("what ends while a program runs is reaped", async () => {
  const { stdout } = await run(
    guest,
    "for i in 1 2 3; do (setsid true &); done; sleep 0.1; ps -o stat= --ppid $PPID | grep -c Z",
  );
  assert.equal(stdout, "0\n");
});

test("32 programs at once keep apart", async () => {
  const ran = await Promise.all(
    Array.from({ length: 32 }, (_, index) =>
      run(guest, `head -c 20000 /dev/zero | tr '\\0' x; echo ${index}; exit ${index}`),
    ),
  );
  for (const [index, { stdout, code }] of ran.entries()) {
    assert.equal(code, index);
    assert.equal(stdout, `${"x".repeat(20_000)}${index}\n`);
  }
});

test("a program whose output nobody reads is held up, and holds up no other", async () => {
  const stuck = guest.exec(shell("head -c 50000000 /dev/zero; echo over >&2"));
  await stuck.pid;
  assert.equal((await run(guest, "echo free")).stdout, "free\n");
  stuck.kill();
  const end = await stuck.exit;
  assert.equal(end.cause, "killed");
  const held = await textOf(stuck.stdout);
  assert.ok(held.length < 400_000, `expected what is held to be bounded, got ${held.length}`);
  assert.equal(await textOf(stuck.stderr), "");
});

test("50 MB go through a slow reader within bounded memory on both sides", async () => {
  const running = guest.exec(shell("head -c 50000000 /dev/zero"));
  const before = usedMemory();
  let count = 0;
  let most = 0;
  let looks = 0;
  for await (const bytes of running.stdout) {
    count += bytes.length;
    if (count < (looks + 1) * 5_000_000) continue;
    looks++;
    most = Math.max(most, usedMemory() - before);
  }
  assert.equal(count, 50_000_000);
  // What has become garbage since the last look is not always given back at once.
  assert.ok(most < 32_000_000, `expected less than 32 MB here, got ${most}`);
  const peakKib = peakMemory(guest.agent.child.pid);
  assert.ok(peakKib > 0 && peakKib < 16_000, `expected less than 16 MB there, got ${peakKib} KiB`);
});

test("input that a program does not read is dropped, not waited for, once it has ended", async () => {
  const running = guest.exec(shell("exit 3", { stdin: "open" }));
  await running.write(Buffer.alloc(5_000_000));
  assert.equal((await running.exit).code, 3);
});

test("a program that stops reading its input goes on", async () => {
  const running = guest.exec(shell("exec <&-; sleep 0.05; echo over", { stdin: "open" }));
  await running.write(Buffer.alloc(1_000_000));
  running.closeInput();
  assert.equal(await textOf(running.stdout), "over\n");
});
