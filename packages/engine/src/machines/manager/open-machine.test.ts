import { deepEqual, equal, match, rejects } from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { CloisterError, type MachinePolicy } from "@cloister/core";
import type { EgressDecision } from "../egress/port.ts";
import { runInGuest } from "../guest/run-in-guest.ts";
import { createHostDriver } from "../host/index.ts";
import { createSandboxDriver } from "../sandbox/index.ts";
import { testGuest } from "../sandbox/testing/test-sandbox.ts";
import type { DriverTable } from "./context.ts";
import type { MachineManager, OpenMachine } from "./port.ts";
import { managerAt, SMALL, temporaryPlaces } from "./testing/temporary-machines.ts";

const POLICY: MachinePolicy = { ...SMALL.policy, limits: { ...SMALL.policy.limits, memoryMib: 512, processes: 256 } };

/** A manager with real drivers, whose user has `env` besides PATH and a home of their own. */
function managerOf(
  context: TestContext,
  env: Readonly<Record<string, string>> = {},
): { readonly manager: MachineManager; readonly home: string } {
  const home = mkdtempSync(join(tmpdir(), "cloister-home-"));
  const all = { PATH: process.env["PATH"] ?? "", HOME: home, ...env };
  const drivers: DriverTable = {
    host: () => Promise.resolve(createHostDriver({ env: all, guest: testGuest })),
    sandbox: () =>
      Promise.resolve(createSandboxDriver({ env: all, guest: testGuest, programs: [dirname(process.execPath)] })),
  };
  const manager = managerAt(temporaryPlaces(context), { env: all, drivers });
  context.after(() => {
    manager[Symbol.dispose]();
    rmSync(home, { recursive: true, force: true });
  });
  return { manager, home };
}

/** A server of the host that greets whoever connects. */
async function greeter(context: TestContext): Promise<number> {
  const server: Server = createServer((socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello"));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  context.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

/** What a shell in the machine prints, errors included. */
async function say({ guest, env }: OpenMachine, script: string): Promise<string> {
  const { stdout } = await runInGuest(guest, {
    argv: ["bash", "-c", `( ${script} ) 2>&1 || true`],
    env,
    timeLimitMs: 20_000,
  });
  return stdout.trim();
}

/** Connects from the machine to a port of its own, and prints the answer. */
const ask = (port: number, request: string): string =>
  `exec 3<>/dev/tcp/127.0.0.1/${port} && printf '${request}' >&3 && timeout 5 cat <&3`;

test("a sandbox reaches the ports that are carried, what its rules allow, and nothing else", async (context) => {
  const { manager } = managerOf(context);
  const [carried, allowed, other] = [await greeter(context), await greeter(context), await greeter(context)];
  await manager.create({
    driver: "sandbox",
    name: "one",
    policy: { ...POLICY, egress: [{ host: "127.0.0.1", port: allowed }] },
  });
  const decisions: EgressDecision[] = [];
  await using machine = await manager.open("one", {
    carryPorts: [carried],
    onDecision: (decision) => decisions.push(decision),
  });
  deepEqual(machine.warnings, []);
  equal(machine.view.state, "running");
  match(await say(machine, ask(carried, "GET / HTTP/1.0\\r\\n\\r\\n")), /hello$/);
  match(await say(machine, ask(other, "")), /Connection refused/);
  const through = (port: number): string =>
    ask(3128, `CONNECT 127.0.0.1:${port} HTTP/1.1\\r\\nHost: 127.0.0.1:${port}\\r\\n\\r\\n`);
  match(await say(machine, through(allowed)), /hello$/);
  match(await say(machine, through(other)), /^HTTP\/1\.1 403/);
  deepEqual(
    decisions.map(({ port, allowed }) => [port, allowed]),
    [
      [allowed, true],
      [other, false],
    ],
  );
  match(machine.env["HTTPS_PROXY"] ?? "", /127\.0\.0\.1:3128/);
});

test("when a connection ends, its doors are shut, and another one can be opened", async (context) => {
  const { manager } = managerOf(context);
  const port = await greeter(context);
  await manager.create({ driver: "sandbox", name: "one", policy: POLICY });
  const first = await manager.open("one", { carryPorts: [port] });
  await say(first, "echo kept > ~/file");
  await first[Symbol.asyncDispose]();
  await rejects(say(first, "true"));
  await manager.stop("one");
  await using second = await manager.open("one");
  equal(await say(second, "cat ~/file"), "kept");
  match(await say(second, ask(port, "")), /Connection refused/);
});

test("a secret is in the machine as a placeholder, the same for all who open it, and its absence is named", async (context) => {
  const secrets = [{ variable: "TOKEN", host: "api.example.org", port: 443, header: "authorization" }];
  const { manager } = managerOf(context, { TOKEN: "the-real-value" });
  await manager.create({ driver: "sandbox", name: "one", policy: { ...POLICY, secrets } });
  await using first = await manager.open("one");
  await using second = await manager.open("one");
  const placeholder = await say(first, 'printf %s "$TOKEN"');
  match(placeholder, /^\S{8,}$/);
  equal(placeholder.includes("the-real-value"), false);
  equal(await say(second, 'printf %s "$TOKEN"'), placeholder);
  match(await say(first, 'grep -c "BEGIN CERTIFICATE" "$SSL_CERT_FILE"'), /^[1-9]/);

  const { manager: without } = managerOf(context);
  await without.create({ driver: "sandbox", name: "one", policy: { ...POLICY, secrets } });
  await rejects(
    without.open("one"),
    (error) =>
      CloisterError.isInstance(error) && error.code === "credential_invalid" && error.message.includes("TOKEN"),
  );
});

test("the host as a machine says that nothing is kept from it, and has no secret", async (context) => {
  const { manager } = managerOf(context, { TOKEN: "the-real-value" });
  const secrets = [{ variable: "TOKEN", host: "api.example.org", port: 443, header: "authorization" }];
  await manager.create({ driver: "host", name: "one", policy: { ...POLICY, secrets } });
  await using machine = await manager.open("one", { carryPorts: [1] });
  match(machine.warnings.join(" "), /network of the host.*TOKEN/);
  equal(await say(machine, 'echo "[$TOKEN]"'), "[]");
});

test("logins are copied where the user said so, for their user alone, and keys never", async (context) => {
  const { manager, home } = managerOf(context);
  for (const [file, text] of [
    [".claude/.credentials.json", "login"],
    [".ssh/id_ed25519", "key"],
    [".gitconfig", "name"],
  ] as const) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), text);
  }
  const listing = "cd ~ && find . -type f ! -path './.cloister/*' -printf '%p %m\\n' | sort";
  await manager.create({ driver: "sandbox", name: "with", policy: { ...POLICY, copyCredentials: true } });
  await using copied = await manager.open("with");
  equal(await say(copied, listing), "./.claude/.credentials.json 600");
  equal(await say(copied, "cat ~/.claude/.credentials.json"), "login");
  await manager.create({ driver: "sandbox", name: "without", policy: POLICY });
  await using plain = await manager.open("without");
  equal(await say(plain, listing), "");
});
