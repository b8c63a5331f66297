import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { DHCP_PORT } from "./dhcp.ts";
import { startLinuxPeer } from "./testing/linux-peer.ts";
import { createLoopbackOutbound } from "./testing/loopback-outbound.ts";
import { createRealClock } from "./testing/real-clock.ts";
import { UserNetwork } from "./user-network.ts";

const SCRIPT = `#!/bin/sh
[ "$1" = bound ] && echo "$ip $subnet $router $dns $lease $serverid"
exit 0
`;
const LEASE = "10.0.2.15 255.255.255.0 10.0.2.2 10.0.2.3 86400 10.0.2.2\n";

/** Where these lie in a frame whose IP header has no options. */
const OFFSET = { destinationPort: 36, checksum: 40, relay: 66 } as const;

const client = async (send: (network: UserNetwork, frame: Uint8Array) => void): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "cloister-dhcp-"));
  const script = join(folder, "bound");
  await writeFile(script, SCRIPT);
  await chmod(script, 0o755);
  const peer = await startLinuxPeer("none");
  const network = new UserNetwork({ clock: createRealClock(), outbound: createLoopbackOutbound() });
  peer.link.receive = (frame) => send(network, frame);
  network.receive = (frame) => peer.link.send(frame);
  try {
    return await peer.run("busybox", "udhcpc", "-i", "eth0", "-n", "-q", "-f", "-t", "3", "-T", "2", "-s", script);
  } finally {
    await peer.close();
    await rm(folder, { recursive: true });
  }
};

test("a DHCP client gets address, mask, gateway and name server", async () => {
  assert.equal(await client((network, frame) => network.send(frame)), LEASE);
});

test("a DHCP client takes answers whose checksums come to 0", async () => {
  const checksums: number[] = [];
  const output = await client((network, frame) => {
    if (wordAt(frame, OFFSET.destinationPort) !== DHCP_PORT.server) return;
    // A relay's address comes back in the answer: one that makes up for all other words.
    const asked = frame.slice();
    asked.fill(0, OFFSET.checksum, OFFSET.checksum + 2);
    const { receive } = network;
    network.receive = (answer) => asked.set(answer.subarray(OFFSET.checksum, OFFSET.checksum + 2), OFFSET.relay);
    network.send(frame);
    network.receive = (answer) => {
      checksums.push(wordAt(answer, OFFSET.checksum));
      receive(answer);
    };
    network.send(asked);
    network.receive = receive;
  });
  assert.equal(output, LEASE);
  assert.deepEqual(checksums, [0, 0]);
});

function wordAt(frame: Uint8Array, offset: number): number {
  return ((frame[offset] ?? 0) << 8) | (frame[offset + 1] ?? 0);
}
