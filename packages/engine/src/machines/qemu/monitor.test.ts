import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { z } from "zod";
import { Monitor } from "./monitor.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-monitor-"));
after(() => rmSync(folder, { recursive: true, force: true }));

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\n';
const EVENT = '{"event": "STOP", "timestamp": {"seconds": 1, "microseconds": 500}}\n';
const isStop = ({ event }: { readonly event: string }): boolean => event === "STOP";

/** What a hostile or broken QEMU answers to the first command, and what is said of it. */
const answers: readonly (readonly [name: string, answer: string, said: RegExp])[] = [
  ["an error", '{"error": {"class": "GenericError", "desc": "not today"}}\n', /but not today/],
  ["something else than asked for", '{"return": {"status": 5}}\n', /it gave something else/],
  ["what is not QMP", "hello\n", /not QMP/],
  ["a line without end", "x".repeat(2 * 1024 * 1024), /too long a line/],
  ["nothing", "", /nothing came within/],
];

for (const [index, [name, answer, said]] of answers.entries())
  test(`a monitor that answers ${name} fails the command, with its reason`, async () => {
    await using fake = await startFake(`${index}`, answer);
    using monitor = await Monitor.open(fake.path, () => true);
    const schema = z.object({ status: z.string() });
    await assert.rejects(monitor.execute("query-status", { schema, limitMs: 300 }), said);
  });

test("an event is kept until somebody waits for it, and once", async () => {
  await using fake = await startFake("event", `${EVENT}{"return": {}}\n`);
  using monitor = await Monitor.open(fake.path, () => true);
  await monitor.execute("stop");
  assert.equal((await monitor.event("with STOP", isStop, 1000)).timestamp.seconds, 1);
  await assert.rejects(monitor.event("with STOP", isStop, 50), /nothing came/);
});

test("when the connection ends, whoever waits is told", async () => {
  await using fake = await startFake("end", "");
  using monitor = await Monitor.open(fake.path, () => true);
  const waiting = [monitor.execute("query-status"), monitor.event("with STOP", isStop, 5000)];
  fake.hangUp();
  for (const one of waiting) await assert.rejects(one, /has closed|ECONNRESET/);
  await assert.rejects(monitor.execute("cont"), /has closed|ECONNRESET/);
});

test("a socket that nobody opens is waited for only as long as its process lives", async () => {
  await assert.rejects(
    Monitor.open(join(folder, "none"), () => false),
    /its process has ended/,
  );
});

type Fake = AsyncDisposable & { readonly path: string; readonly hangUp: () => void };

/** Another side that greets, agrees on capabilities, and gives one answer. */
async function startFake(name: string, answer: string): Promise<Fake> {
  const path = join(folder, name);
  const clients: Socket[] = [];
  const server: Server = createServer((socket) => {
    clients.push(socket);
    socket.on("error", () => undefined); // It was closed on the other side.
    socket.write(GREETING);
    socket.once("data", () => {
      socket.write('{"return": {}}\n');
      socket.once("data", () => socket.write(answer));
    });
  });
  server.listen(path);
  await once(server, "listening");
  const hangUp = (): void => clients.forEach((client) => client.destroy());
  const dispose = async (): Promise<void> => {
    hangUp();
    server.close();
    await once(server, "close");
  };
  return { path, hangUp, [Symbol.asyncDispose]: dispose };
}
