import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { runInGuest } from "../guest/run-in-guest.ts";
import type { GuestConnection } from "../guest/port.ts";
import { ESCAPES } from "./testing/escapes.ts";
import { makeTestSandbox, type TestSandbox } from "./testing/test-sandbox.ts";

const SECRET = `canary-${process.pid}-value`;
const PYTHON = "/usr/bin/python3";

describe("a sandbox withstands a program that", () => {
  const host = mkdtempSync(join(tmpdir(), "cloister-canary-"));
  const file = join(host, "canary");
  const servers: Server[] = [];
  const visitors: string[] = [];
  let sandbox: TestSandbox;
  let guest: GuestConnection;
  let settings: string;

  before(async () => {
    writeFileSync(file, SECRET);
    process.env["CANARY_SECRET"] = SECRET;
    settings = hostState();
    sandbox = await makeTestSandbox();
    guest = await sandbox.open();
    for (const address of [join(host, "socket"), `\0${SECRET}`, 0]) servers.push(await listen(address, visitors));
  });

  after(async () => {
    await guest[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
    for (const server of servers) server.close();
    rmSync(host, { recursive: true });
  });

  for (const { name, program, answer } of ESCAPES) {
    it(name, async () => {
      const address = servers[2]?.address();
      const env = {
        ...sandbox.driver.surroundings(sandbox.machine).env,
        HOST_HOME: homedir(),
        HOST_PID: String(process.pid),
        NODE_FOLDER: dirname(process.execPath),
        CANARY_FILE: file,
        CANARY_SOCKET: join(host, "socket"),
        CANARY_ABSTRACT: SECRET,
        CANARY_PORT: String(typeof address === "object" ? address?.port : 0),
      };
      const argv = program.startsWith("import") ? [PYTHON, "-c", program] : ["/bin/sh", "-c", program];
      const { stdout } = await runInGuest(guest, { argv, env, allow: [1, 2] });
      if (typeof answer === "string") assert.equal(stdout.trim(), answer);
      else assert.match(stdout.trim(), answer);
      assert.deepEqual(visitors, []);
      assert.equal(hostState(), settings);
    });
  }
});

/** What must be the same afterwards. */
function hostState(): string {
  const files = ["/proc/sys/kernel/core_pattern", "/proc/sys/vm/swappiness", "/etc/passwd", "/etc/hostname"];
  const folders = ["/usr/bin", "/etc", dirname(process.execPath)];
  return [...files.map((path) => readFileSync(path, "utf8")), ...folders.map((path) => statSync(path).mtimeMs)].join(
    "\n",
  );
}

function listen(address: string | number, visitors: string[]): Promise<Server> {
  const server = createServer((socket) => {
    visitors.push(String(address));
    socket.destroy();
  });
  const where = typeof address === "number" ? { port: address, host: "127.0.0.1" } : { path: address };
  return new Promise((resolve) => server.listen(where, () => resolve(server)));
}
