import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startLinuxPeer } from "./testing/linux-peer.ts";
import { createLoopbackOutbound } from "./testing/loopback-outbound.ts";
import { createRealClock } from "./testing/real-clock.ts";
import { UserNetwork } from "./user-network.ts";

const SCRIPT = `#!/bin/sh
[ "$1" = bound ] && echo "$ip $subnet $router $dns $lease $serverid"
exit 0
`;

test("a DHCP client gets address, mask, gateway and name server", async () => {
  const folder = await mkdtemp(join(tmpdir(), "cloister-dhcp-"));
  const script = join(folder, "bound");
  await writeFile(script, SCRIPT);
  await chmod(script, 0o755);
  const peer = await startLinuxPeer("none");
  const network = new UserNetwork({ clock: createRealClock(), outbound: createLoopbackOutbound() });
  peer.link.receive = (frame) => network.send(frame);
  network.receive = (frame) => peer.link.send(frame);
  try {
    const client = ["udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "3", "-T", "2", "-s", script];
    const output = await peer.run("busybox", ...client);
    assert.equal(output.trim(), "10.0.2.15 255.255.255.0 10.0.2.2 10.0.2.3 86400 10.0.2.2");
  } finally {
    await peer.close();
    await rm(folder, { recursive: true });
  }
});
