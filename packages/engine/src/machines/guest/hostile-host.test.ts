import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Duplex } from "node:stream";
import { after, before, test } from "node:test";
import { nat, sample } from "fast-check";
import { connectGuest } from "./connect-guest.ts";
import { encodeFields } from "./fields.ts";
import { encodeFrame } from "./frames.ts";
import { hostileFrames } from "./testing/hostile-frames.ts";
import { textOf } from "./testing/start-agent.ts";
import { FRAME, HOST_MAGIC, KIND, TAG } from "./wire.ts";

const sources = join(import.meta.dirname, "../../../guest");
const folder = mkdtempSync(join(tmpdir(), "cloister-guest-sanitized-"));
const program = join(folder, "cloister-guest");

before(() => {
  const files = readdirSync(sources).filter((name) => name.endsWith(".c"));
  const flags = ["-std=c11", "-D_GNU_SOURCE", "-g", "-O0", "-Wall", "-Wextra", "-Werror"];
  execFileSync("cc", [...flags, "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-o", program, ...files], {
    cwd: sources,
  });
});
after(() => rmSync(folder, { recursive: true, force: true }));

type SanitizedAgent = AsyncDisposable & {
  readonly stream: Duplex;
  /** Ends its input, and waits for its end. */
  readonly end: () => Promise<{ readonly code: number; readonly said: string }>;
};

/** An agent that reports its own faults, where it can do no harm: what it is asked to do is anything. */
function startSanitized(): SanitizedAgent {
  const walls = [
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--ro-bind",
    folder,
    folder,
  ];
  const args = [...walls, "--unshare-all", "--cap-drop", "ALL", "--die-with-parent", "--", program, "serve", "--stdio"];
  const env = { PATH: "/usr/bin:/bin", ASAN_OPTIONS: "detect_leaks=0", UBSAN_OPTIONS: "print_stacktrace=1" };
  const child = spawn("bwrap", args, { stdio: "pipe", env });
  const said = textOf(child.stderr);
  const ended = once(child, "close");
  const stream: Duplex = Duplex.from({ readable: child.stdout, writable: child.stdin });
  stream.on("error", () => undefined); // The agent may hang up whenever it wants to.
  return {
    stream,
    async end() {
      child.stdin.end();
      stream.resume();
      const [code] = (await ended) as [number];
      return { code, said: await said };
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

const preamble = Buffer.concat([HOST_MAGIC, Buffer.alloc(16, 1)]);
/** Streams that are under way, for hostile frames to meet. */
const openings = Buffer.concat(
  [
    {
      kind: KIND.EXEC,
      fields: encodeFields([
        [TAG.ARGUMENT, "/bin/cat"],
        [TAG.OPEN_INPUT, 1],
      ]),
    },
    {
      kind: KIND.EXEC,
      fields: encodeFields([
        [TAG.ARGUMENT, "/bin/sh"],
        [TAG.COLUMNS, 80],
        [TAG.ROWS, 24],
      ]),
    },
    { kind: KIND.PUT, fields: encodeFields([[TAG.PATH, "/tmp/fuzz/file"]]) },
    { kind: KIND.GET, fields: encodeFields([[TAG.PATH, program]]) },
    { kind: KIND.LISTEN, fields: encodeFields([[TAG.PORT, 3128]]) },
    { kind: KIND.CONNECT, fields: encodeFields([[TAG.PORT, 3128]]) },
  ].map(({ kind, fields }, index) => encodeFrame(FRAME.OPEN, 2 * index + 1, Buffer.of(kind, 0), fields)),
);

test("whatever a host sends, the agent goes on serving the next one, without a fault", async () => {
  assert.ok(existsSync(program));
  await using agent = startSanitized();
  agent.stream.resume();
  const inputs = sample(hostileFrames, { numRuns: 100, seed: sample(nat(), 1)[0] ?? 0 });
  for (const bytes of inputs) {
    const all = Buffer.concat([preamble, openings, bytes]);
    if (!agent.stream.write(all)) await once(agent.stream, "drain", { signal: AbortSignal.timeout(20_000) });
  }
  const guest = await connectGuest({ stream: agent.stream, close: async () => undefined });
  await guest.ping();
  assert.deepEqual(await agent.end(), { code: 0, said: "" });
});

test("everything that an agent does in order, it does without a fault", async () => {
  await using agent = startSanitized();
  const guest = await connectGuest({ stream: agent.stream, close: async () => undefined });
  const listener = await guest.listen(3128, (stream) => void stream.pipe(stream));
  const stream = await guest.connect(3128);
  stream.end(Buffer.alloc(300_000));
  const content = (async function* content(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(300_000);
  })();
  await guest.putFile("/tmp/a/b", content);
  const read = await Array.fromAsync(guest.getFile("/tmp/a/b", { maxBytes: 300_000 }));
  assert.equal(Buffer.concat(read).length, 300_000);
  assert.equal((await textOf(stream)).length, 300_000);
  const running = guest.exec({
    argv: ["sh", "-c", "setsid sleep 60 & echo over; exit 4"],
    env: { PATH: "/usr/bin:/bin" },
    cwd: "/",
  });
  const said = await textOf(running.stdout);
  assert.deepEqual(
    { said, ...(await running.exit) },
    { said: "over\n", cause: "exited", code: 4, signal: null, survivors: 1 },
  );
  await guest.health();
  await listener[Symbol.asyncDispose]();
  assert.deepEqual(await agent.end(), { code: 0, said: "" });
});
