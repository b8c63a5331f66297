import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { createServer } from "node:net";
import { networkInterfaces } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { EgressDecision } from "../../../src/machines/egress/port.ts";
import type { OpenMachine } from "../../../src/machines/manager/port.ts";
import { outcomeOf, runIn, saidIn, startIn } from "../../../src/machines/testing/run-in-machine.ts";
import { type Cases, SECRET_VARIABLE, type Subject } from "../subject.ts";

const PROXY_PORT = 3128;

/** What machines reach, and what reaches them. */
export const NETWORK_CASES: Cases = {
  "reaches a port of the host's loopback where it is carried, and only there": async (subject) => {
    const machine = await subject.main();
    const nc = await networkTool(subject, machine);
    const { port } = subject.forbidden;
    await subject.close();
    const carried = await subject.manager.open("main", { carryPorts: [port] });
    assert.match(await ask(carried, nc, { port, lines: ["GET / HTTP/1.0"] }), /canary heard nothing/);
    await carried[Symbol.asyncDispose]();
    const answer = await ask(await subject.main(), nc, { port, lines: ["GET / HTTP/1.0"] });
    assert.equal(answer.includes("canary"), carried.surroundings.hostNetwork);
  },

  "is reached at its own loopback from the host": async (subject) => {
    const machine = await subject.main();
    const nc = await networkTool(subject, machine);
    const port = 18_000 + Math.floor(Math.random() * 1000);
    const serving = startIn(machine, `exec ${nc} -l -p ${port} -e /bin/cat`);
    const outcome = outcomeOf(serving);
    const stream = await connected(machine, port);
    stream.end("there and back");
    assert.equal(await text(stream), "there and back");
    serving.kill();
    await outcome;
  },

  "reaches what is allowed through the proxy, where secrets are put in, and nothing else": async (subject) => {
    const { allowed, forbidden, secret, manager } = subject;
    const decisions: EgressDecision[] = [];
    await subject.close();
    await using machine = await manager.open("main", { onDecision: (decision) => decisions.push(decision) });
    const { env, surroundings, warnings } = machine;
    if (surroundings.hostNetwork) {
      assert.match(warnings.join(" "), /can't be limited.*does not have CONFORMANCE_TOKEN/);
      return assert.equal(env[SECRET_VARIABLE], undefined);
    }
    const nc = await networkTool(subject, machine);
    const placeholder = env[SECRET_VARIABLE] ?? "";
    assert.ok(placeholder.length > 16 && !placeholder.includes(secret));
    const request = (port: number, authorization: string): Promise<string> =>
      ask(machine, nc, {
        port: PROXY_PORT,
        lines: [
          `GET http://127.0.0.1:${port}/ HTTP/1.1`,
          `Host: 127.0.0.1:${port}`,
          `Authorization: ${authorization}`,
          "Connection: close",
        ],
      });
    allowed.reset();
    const answer = await request(allowed.port, `Bearer ${placeholder}`);
    assert.match(answer, /^HTTP\/1\.1 200 /);
    assert.equal(allowed.requests[0]?.headers.authorization, `Bearer ${secret}`);
    assert.ok(!answer.includes(secret), "it does not come back in the answer");

    forbidden.reset();
    assert.match(await request(forbidden.port, "none"), /^HTTP\/1\.1 403 /);
    assert.match(
      await ask(machine, nc, { port: PROXY_PORT, lines: ["CONNECT example.org:443 HTTP/1.1"] }),
      /^HTTP\/1\.1 403 /,
    );
    assert.equal(forbidden.connections, 0);
    assert.deepEqual(
      decisions.map(({ host, port, allowed: isAllowed, refusal }) => [host, port, isAllowed, refusal]),
      [
        ["127.0.0.1", allowed.port, true, undefined],
        ["127.0.0.1", forbidden.port, false, "not_allowed"],
        ["example.org", 443, false, "not_allowed"],
      ],
    );
    assert.ok(decisions[0]?.secrets?.includes(SECRET_VARIABLE));
  },

  "has no other way out, or says that it has": async (subject) => {
    const machine = await subject.main();
    const nc = await networkTool(subject, machine);
    await using canary = await openCanary();
    for (const address of canary.addresses) {
      await ask(machine, nc, { address, port: canary.port, lines: ["hello"] });
      await runIn(machine, `timeout 2 ${nc.replace(/ nc$/, " tftp")} -g -r x -l /dev/null ${address} ${canary.port}`);
    }
    if (isApart(subject)) {
      assert.deepEqual(canary.visitors(), []);
      assert.equal(await saidIn(machine, "tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '"), "lo");
    } else {
      assert.match(`${subject.view.reason} ${subject.view.limitations.join(" ")}`, /[Nn]othing (?:is kept|keeps)/);
      // Where it is the host's own network, the trial itself is seen to work.
      assert.equal(canary.visitors().includes("tcp"), machine.surroundings.hostNetwork);
    }
  },
};

/** Its network is its own, and not that of another host. */
function isApart({ view }: Subject): boolean {
  return view.isolation !== "none" && view.isolation !== "remote";
}

type Question = { readonly address?: string; readonly port: number; readonly lines: readonly string[] };

/** What is answered to lines of text; nothing where nobody does. */
async function ask(
  machine: OpenMachine,
  nc: string,
  { address = "127.0.0.1", port, lines }: Question,
): Promise<string> {
  const script = `timeout 10 ${nc} -w 3 "$0" "$1"`;
  const running = startIn(machine, ["/bin/sh", "-c", script, address, String(port)], { stdin: "open" });
  const outcome = outcomeOf(running);
  await running.write(Buffer.from(`${lines.join("\r\n")}\r\n\r\n`));
  return (await outcome).stdout;
}

/** Brings the tool in where it is not there yet. @returns the command that connects */
async function networkTool({ busybox }: Subject, machine: OpenMachine): Promise<string> {
  const path = join(machine.surroundings.home, "busybox");
  if ((await runIn(machine, ["test", "-x", path])).end.code !== 0)
    await machine.guest.putFile(path, createReadStream(busybox), { mode: 0o755 });
  return `${path} nc`;
}

async function connected({ guest }: OpenMachine, port: number): ReturnType<OpenMachine["guest"]["connect"]> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await guest.connect(port);
    } catch (error: unknown) {
      if (attempt === 200) throw error; // It listens a moment after it was started.
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

type OpenCanary = AsyncDisposable & {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly visitors: () => readonly string[];
};

/** Listens on all addresses of this host, for TCP and UDP on one port. */
async function openCanary(): Promise<OpenCanary> {
  const visitors: string[] = [];
  const server = createServer((socket) => {
    visitors.push("tcp");
    socket.on("error", () => undefined).resume();
    socket.end("hello");
  }).listen(0);
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const udp = createSocket("udp4", () => visitors.push("udp")).bind(port);
  await once(udp, "listening");
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  const own = all.find(({ family, internal }) => family === "IPv4" && !internal)?.address;
  return {
    addresses: own === undefined ? ["127.0.0.1"] : ["127.0.0.1", own],
    port,
    visitors: () => visitors,
    [Symbol.asyncDispose]: async () => {
      udp.close();
      server.close();
      await once(server, "close");
    },
  };
}
