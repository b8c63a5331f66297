import { deepEqual, equal, match, notEqual } from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { createLoopbackOutbound } from "../src/network/testing/loopback-outbound.ts";
import { createFolderTree } from "../src/node/folder-tree.ts";
import { serveVsock } from "../src/node/vsock-sockets.ts";
import { GuestShell } from "./guest-shell.ts";

const MODULES =
  "virtio_mmio failover net_failover virtio_net netfs 9pnet 9pnet_virtio 9p vsock vmw_vsock_virtio_transport_common " +
  "vmw_vsock_virtio_transport";
/** What busybox's DHCP client runs when it has a lease. */
const LEASE =
  '[ "$1" = bound ] && ip address add $ip/24 dev $interface && ip route add default via $router && echo nameserver $dns >/etc/resolv.conf';
const FIRMWARE = "/usr/lib/riscv64-linux-gnu/opensbi/generic/fw_dynamic.bin";
const VSOCK_CONTEXT = 3;

/** One Linux guest, on OpenSBI, with all devices that a host speaks through. Its tests go one after another. */
suite("a Linux guest on OpenSBI", () => {
  const home = mkdtempSync(join(tmpdir(), "cloister-guest-"));
  const [shared, fixed, socket] = [join(home, "shared"), join(home, "fixed"), join(home, "vsock")];
  const outbound = createLoopbackOutbound({ "example.test": ["198.51.100.7"] });
  const stack = new AsyncDisposableStack();
  let guest: GuestShell;

  const succeed = async (line: string): Promise<string> => {
    const { output, status } = await guest.run(line);
    equal(status, 0, `${line}: ${output}`);
    return output;
  };
  const serve = async (server: Server): Promise<number> => {
    stack.defer(() => void server.close());
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return (server.address() as AddressInfo).port;
  };

  before(async () => {
    for (const folder of [shared, fixed]) mkdirSync(folder);
    writeFileSync(join(fixed, "constant"), "fixed\n");
    writeFileSync(join(shared, "greeting"), "from the host\n");
    writeFileSync(join(home, "outside"), "secret\n");
    symlinkSync("../outside", join(shared, "leak"));
    symlinkSync(home, join(shared, "up"));
    const program = join(import.meta.dirname, "vsock-peer.c");
    execFileSync("riscv64-linux-gnu-gcc", ["-static", "-O1", "-o", join(shared, "vsock-peer"), program]);
    guest = stack.use(
      await GuestShell.boot({
        firmware: readFileSync(FIRMWARE),
        network: { outbound },
        shares: [
          { tag: "work", tree: createFolderTree(shared), readOnly: false },
          { tag: "fixed", tree: createFolderTree(fixed) },
        ],
        vsockContext: VSOCK_CONTEXT,
      }),
    );
    const { vsock } = guest.machine.devices;
    if (vsock !== undefined) stack.use(await serveVsock(vsock, socket));
    await succeed("mkdir -p /etc /proc /sys /dev /work /fixed; mount -t proc proc /proc; mount -t devtmpfs dev /dev");
    await succeed(`for name in ${MODULES}; do insmod /modules/$name.ko || echo $name; done`);
    await succeed("mount -t 9p -o trans=virtio,version=9p2000.L,msize=131072 work /work");
    await succeed("mount -t 9p -o trans=virtio,version=9p2000.L fixed /fixed");
  });
  after(async () => {
    await stack.disposeAsync();
    rmSync(home, { recursive: true });
  });

  test("is served by that firmware, and not by the engine", async () => {
    match(await succeed("dmesg | grep 'SBI implementation'"), /implementation ID=0x1 /);
  });

  test("gets an address, and reaches what its way out allows", async () => {
    writeFileSync(join(shared, "lease"), `#!/bin/sh\n${LEASE}\n`, { mode: 0o755 });
    await succeed("ip link set eth0 up; udhcpc -i eth0 -n -q -s /work/lease");
    match(await succeed("ip address show eth0"), /inet 10\.0\.2\.15\/24/);
    const page = "HTTP/1.0 200 OK\r\n\r\nserved\n";
    const port = await serve(createServer((client) => void client.once("data", () => client.end(page))));
    equal(await succeed(`wget -q -O - http://example.test:${port}/`), "served\n");
    deepEqual(outbound.asked.at(-1), { host: "198.51.100.7", port });
  });

  test("finds a connection refused that its way out refuses, and no name that it does not know", async () => {
    const server = createServer();
    const closed = await serve(server);
    server.close();
    const refused = await guest.run(`wget -q -O - http://198.51.100.7:${closed}/ 2>&1`);
    match(refused.output, /Connection refused/);
    match((await guest.run("wget -q -O - http://unknown.test/ 2>&1")).output, /bad address/);
  });

  test("reads, writes and renames in a shared folder", async () => {
    equal(await succeed("cat /work/greeting"), "from the host\n");
    await succeed("mkdir /work/made; echo from the guest >/work/first; mv /work/first /work/made/second");
    equal(readFileSync(join(shared, "made/second"), "utf8"), "from the guest\n");
    const sum = await succeed(
      "dd if=/dev/urandom of=/work/large bs=100000 count=11 2>/dev/null; sha256sum </work/large",
    );
    equal(execFileSync("sha256sum", { input: readFileSync(join(shared, "large")), encoding: "utf8" }), sum);
    await succeed("rm -r /work/made /work/large");
    equal(existsSync(join(shared, "made")), false);
  });

  test("gets out of a shared folder by no link, its own or the host's", async () => {
    for (const path of ["/work/leak", "/work/up/outside", "/work/../work/up/shared/greeting"])
      notEqual((await guest.run(`cat ${path}`)).status, 0, path);
    await succeed(`ln -s ${join(home, "outside")} /work/own`);
    notEqual((await guest.run("cat /work/own")).status, 0);
    // Where a link leads, the guest finds out in its own tree.
    await succeed("echo changed >/work/leak");
    equal(await succeed("cat /outside"), "changed\n");
    equal(lstatSync(join(shared, "own")).isSymbolicLink(), true);
    equal(readFileSync(join(home, "outside"), "utf8"), "secret\n");
  });

  test("changes nothing in a folder that is shared to be read", async () => {
    equal(await succeed("cat /fixed/constant"), "fixed\n");
    for (const line of ["echo changed >/fixed/constant", "rm /fixed/constant", "mkdir /fixed/new"])
      match((await guest.run(`(${line}) 2>&1`)).output, /Read-only file system/);
    equal(readFileSync(join(fixed, "constant"), "utf8"), "fixed\n");
  });

  test("speaks to sockets of the host that are there, by vsock", async () => {
    const server = createServer({ allowHalfOpen: true }, (client) => client.pipe(client));
    stack.defer(() => void server.close());
    server.listen(`${socket}_5000`);
    await once(server, "listening");
    equal(await succeed("/work/vsock-peer connect 5000 echoed"), "echoed");
    const refused = await guest.run("/work/vsock-peer connect 5001 lost 2>&1");
    deepEqual(refused, { output: "connect: Connection reset by peer\n", status: 1 });
  });

  test("is spoken to by vsock, where it serves", async () => {
    const answer = async (): Promise<string> => {
      const client = connect({ path: socket, allowHalfOpen: true });
      client.end("CONNECT 7000\nto the guest");
      return text(client);
    };
    equal(await answer().catch(() => ""), "", "nobody serves");
    const serving = guest.run("/work/vsock-peer serve 7000");
    let answered = "";
    while (answered === "") answered = await answer().catch(() => "");
    equal(answered, "OK 7000\nto the guest");
    deepEqual(await serving, { output: "serving\n", status: 0 });
  });

  test("goes on where it was saved, with a file open, and connects anew", async () => {
    await succeed("exec 3</work/greeting");
    const snapshot = await guest.machine.snapshot({ compress: false });
    await succeed("exec 3<&-");
    await guest.machine.restore(snapshot);
    equal(await succeed("cat <&3"), "from the host\n");
    equal(await succeed("/work/vsock-peer connect 5000 again"), "again");
    await succeed("nslookup example.test");
  });

  test("powers off through the firmware", async () => {
    deepEqual(await guest.powerOff(), { kind: "power_off" });
  });
});
