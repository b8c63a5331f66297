import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { hostname } from "node:os";
import { PassThrough } from "node:stream";
import { suite, test } from "node:test";
import { CloisterError } from "@cloister/core";
import { until } from "../../process/testing/until.ts";
import { connectGuest } from "./connect-guest.ts";
import { HOST_MAGIC } from "./wire.ts";
import { processesWith } from "./testing/processes.ts";
import { connectAgent, run, shell, startAgent, testProgram } from "./testing/start-agent.ts";

const isFailure = (error: unknown): boolean => CloisterError.isInstance(error) && error.code === "machine_failed";

test("an agent says what system it is on, and how that does", async () => {
  await using guest = await connectAgent();
  assert.equal(guest.hello.version, 1);
  assert.equal(guest.hello.system, "Linux");
  const health = await guest.health();
  assert.ok(health.memoryTotalKib > health.memoryAvailableKib && health.memoryAvailableKib > 0);
  assert.ok(health.uptimeMs > 0 && health.processes > 1);
  await guest.ping();
});

test("an agent says how many processes its kernel has ended for want of memory", async () => {
  await using guest = await connectAgent();
  // Of the whole host: other tests have some ended meanwhile.
  const before = oomKillsHere();
  const { oomKills } = await guest.health();
  assert.ok(oomKills >= before && oomKills <= oomKillsHere(), String(oomKills));
});

function oomKillsHere(): number {
  const line = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "utf8"));
  assert.ok(line, "the kernel counts them");
  return Number(line[1]);
}

test("an agent that is not process 1 does not shut anything down", async () => {
  await using guest = await connectAgent();
  await assert.rejects(guest.shutDown(), /ENOTSUP/);
});

test("an identity that is malformed is refused, and changes nothing", async () => {
  const before = hostname();
  await using guest = await connectAgent();
  const machineId = "0".repeat(32);
  for (const identity of [
    { hostname: "a b", machineId },
    { hostname: "", machineId },
    { hostname: "a".repeat(64), machineId },
    { hostname: "ok", machineId: "xyz" },
  ])
    await assert.rejects(guest.setIdentity({ ...identity, seed: new Uint8Array(32) }), /EINVAL/);
  await assert.rejects(guest.setIdentity({ hostname: "ok", machineId, seed: new Uint8Array(31) }), isFailure);
  assert.equal(hostname(), before);
});

/** What a test can cut a connection by. */
const cuts: readonly (readonly [name: string, cut: (guest: Awaited<ReturnType<typeof connectAgent>>) => unknown])[] = [
  ["is disposed of", (guest) => guest[Symbol.asyncDispose]()],
  ["is cut", (guest) => guest.agent.stream.destroy()],
  ["loses its agent to SIGTERM", (guest) => guest.agent.child.kill("SIGTERM")],
  ["loses its agent to SIGKILL", (guest) => guest.agent.child.kill("SIGKILL")],
];
suite("when a connection", () => {
  for (const [index, [name, cut]] of cuts.entries())
    test(`${name}, nothing that it started survives`, async () => {
      const marker = `${process.pid}-cut-${index}`;
      await using guest = await connectAgent();
      const script =
        "(setsid sh -c 'sleep 60 & exit' </dev/null >/dev/null 2>&1 &); setsid sleep 60 & echo ready; sleep 60";
      const running = guest.exec(shell(script, { env: { PATH: "/usr/bin:/bin", CLOISTER_TEST_MARKER: marker } }));
      for await (const _ of running.stdout) break;
      await until("it has escaped", () => processesWith(marker).length >= 3);
      await cut(guest);
      assert.equal((await running.exit).cause, "lost");
      await until("all of it has gone", () => processesWith(marker).length === 0);
      await guest.closed;
      await assert.rejects(guest.ping(), isFailure);
      assert.equal((await guest.exec(shell("true")).exit).cause, "not_started");
    });
});

test("a connection that was disposed of closed without an error, one that was cut with one", async () => {
  const disposed = await connectAgent();
  await disposed[Symbol.asyncDispose]();
  assert.equal(await disposed.closed, undefined);
  await using cut = await connectAgent();
  cut.agent.child.kill("SIGKILL");
  assert.ok(isFailure(await cut.closed));
});

suite("a preamble", () => {
  const leftovers: readonly (readonly [name: string, bytes: Buffer])[] = [
    ["noise", Buffer.from("login: \x1b[0m\0\0".repeat(500))],
    ["another host's preamble", Buffer.concat([HOST_MAGIC, Buffer.alloc(16, 7)])],
    ["half a preamble", HOST_MAGIC.subarray(0, 9)],
    [
      "a preamble and half a frame of 60,000 bytes",
      Buffer.concat([HOST_MAGIC, Buffer.alloc(16, 7), Buffer.of(0x60, 0xea, 0, 0, 2, 1, 0, 0, 0, 1)]),
    ],
    [
      "a preamble and a frame that may not be",
      Buffer.concat([HOST_MAGIC, Buffer.alloc(16, 7), Buffer.of(0, 0, 0, 0, 99, 1, 0, 0, 0)]),
    ],
  ];
  for (const [name, bytes] of leftovers)
    test(`is found behind what an earlier host has left: ${name}`, async () => {
      const agent = startAgent(await testProgram());
      agent.stream.write(bytes);
      await using guest = await connectGuest({ stream: agent.stream, close: agent.close });
      assert.equal((await run(guest, "echo here")).stdout, "here\n");
    });
});

test("what does not answer is given up in time, and closed", async () => {
  const stream = new PassThrough(); // An echo: what came is no answer.
  let closed = 0;
  await assert.rejects(connectGuest({ stream, close: async () => void closed++ }, { timeLimitMs: 100 }), isFailure);
  assert.equal(closed, 1);
  assert.ok(stream.destroyed);
});

test("what hangs up is given up at once", async () => {
  await using agent = startAgent("/bin/true");
  await assert.rejects(connectGuest({ stream: agent.stream, close: async () => undefined }), isFailure);
});

test("what pours out noise is given up in time, within bounded memory", async () => {
  await using stack = new AsyncDisposableStack();
  const noise = Buffer.alloc(1_000_000, "CLOISTER-GUEST1\n");
  const server = createServer((socket: Socket) => {
    const pour = (): void => {
      while (!socket.destroyed && socket.write(noise));
    };
    socket.on("drain", pour).on("error", () => undefined);
    pour();
  });
  stack.defer(() => void server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { connect } = await import("node:net");
  const stream = connect((server.address() as { port: number }).port, "127.0.0.1");
  await assert.rejects(connectGuest({ stream, close: async () => undefined }, { timeLimitMs: 200 }), isFailure);
});
