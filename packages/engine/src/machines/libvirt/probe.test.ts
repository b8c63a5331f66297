import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { CloisterError } from "@cloister/core";
import type { DriverProbe } from "../port.ts";
import { createLibvirtDriver } from "./index.ts";

const PATH = process.env["PATH"] ?? "";
const folder = mkdtempSync(join(tmpdir(), "cloister-libvirt-"));
after(() => rmSync(folder, { recursive: true }));

test("where nobody answers, the probe says so and what to do, and machines can't be looked for", async () => {
  const env = envFor("nobody");
  const probe = await probeInTime(env);
  assert.match(probe.reason, /Nobody answers at qemu/);
  assert.match(probe.remedy ?? "", /start libvirt/);
  await assert.rejects(createLibvirtDriver({ env }).found({ env }), isUnavailable);
});

test("a libvirt that takes connections and never answers is given up within 3 s", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket)).listen(join(folder, "silent"));
  await once(server, "listening");
  const probe = await probeInTime(envFor("silent"));
  assert.match(probe.reason, /did not end in time/);
  assert.ok(sockets.length > 0);
  for (const socket of sockets) socket.destroy();
  server.close();
});

test("without virsh, or with a libvirt elsewhere, the probe says what is missing", async () => {
  symlinkSync("/bin/sh", join(folder, "sh"));
  assert.match((await probeInTime({ PATH: folder })).reason, /virsh could not be started/);
  const elsewhere = await probeInTime({ PATH, CLOISTER_LIBVIRT_URI: "qemu+ssh://there/system" });
  assert.match(elsewhere.reason, /on this host, such as qemu:\/\/\/system/);
  const driver = createLibvirtDriver({ env: envFor("nobody") });
  assert.deepEqual([...driver.operations].toSorted(), ["clone", "console", "pause", "snapshot_disk", "snapshot_full"]);
});

function envFor(socket: string): Record<string, string> {
  return { PATH, CLOISTER_LIBVIRT_URI: `qemu+unix:///system?socket=${join(folder, socket)}` };
}

async function probeInTime(env: Record<string, string>): Promise<DriverProbe> {
  const begun = performance.now();
  const probe = await createLibvirtDriver({ env }).probe({ env });
  assert.ok(performance.now() - begun < 3000);
  assert.equal(probe.usable, false);
  return probe;
}

function isUnavailable(error: unknown): boolean {
  return CloisterError.isInstance(error) && error.code === "machine_unavailable";
}
