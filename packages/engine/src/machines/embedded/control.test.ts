import { deepEqual, equal, rejects } from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { z } from "zod";
import { askMachine } from "./control-client.ts";
import { CONTROL_SOCKET, type ControlRequest } from "./control.ts";
import { serveControl } from "./control-server.ts";

const folder = mkdtempSync(join(tmpdir(), "cloister-control-"));
const socket = join(folder, CONTROL_SOCKET);
const heard: ControlRequest[] = [];
let server: Awaited<ReturnType<typeof serveControl>>;

async function answer(request: ControlRequest): Promise<unknown> {
  heard.push(request);
  if (request.do === "state") return "running";
  if (request.do === "stats") return "x".repeat(100_000);
  if (request.do === "await_guest") await new Promise(() => undefined);
  throw new Error("the disk is gone");
}

before(async () => {
  server = await serveControl(socket, answer);
});
after(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test("a request is answered, and what is answered is checked", async () => {
  const request = { do: "snapshot", layer: "layer-0123456789ab.qcow2" } as const;
  equal(await askMachine(folder, { do: "state" }, { schema: z.enum(["running", "paused"]) }), "running");
  await rejects(askMachine(folder, { do: "state" }, { schema: z.number() }), { code: "machine_failed" });
  await rejects(askMachine(folder, request), { code: "machine_failed", message: /snapshot, but the disk is gone/ });
  deepEqual(heard.at(-1), request);
});

const FAILURES: readonly (readonly [string, () => Promise<unknown>, RegExp])[] = [
  ["does not come", () => askMachine(folder, { do: "await_guest" }, { limitMs: 50 }), /not in time/],
  ["has no end", () => askMachine(folder, { do: "stats" }), /too much/],
  ["can't come", () => askMachine(join(folder, "nowhere"), { do: "state" }), /its process has ended/],
];
for (const [what, ask, expected] of FAILURES)
  test(`an answer that ${what} is a failure of the machine`, () =>
    rejects(ask, { code: "machine_failed", message: expected }));

test("what is no request is answered with an error, and the next one is answered", async () => {
  const client = connect(socket).setEncoding("utf8");
  client.write('nonsense\n{"do":"fly"}\n{"do":"snapshot","layer":"../../etc/passwd"}\n{"do":"state"}\n');
  let text = "";
  while (text.split("\n").length < 5) text += String((await once(client, "data"))[0]);
  client.destroy();
  const answers = text
    .trim()
    .split("\n")
    .map((line) => Object.keys(JSON.parse(line) as object)[0]);
  deepEqual(answers, ["error", "error", "error", "value"]);
});
