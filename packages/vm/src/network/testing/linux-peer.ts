import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { FrameLink } from "../../bus/port.ts";

const execute = promisify(execFile);
const COMMAND_TIMEOUT_MS = 20_000;

/** A network namespace with an Ethernet interface, whose cable QEMU carries here as frames with their lengths before them. */
const NAMESPACE_SCRIPT = `
set -e
ip link set lo up
ip tuntap add dev eth0 mode tap
ip link set dev eth0 address 52:54:00:12:34:56
ip link set dev eth0 up
if [ "$2" = static ]; then
  ip address add 10.0.2.15/24 dev eth0
  ip route add default via 10.0.2.2
fi
exec qemu-system-riscv64 -machine none -display none -monitor none -serial none \\
  -netdev tap,id=tap,ifname=eth0,script=no,downscript=no,vnet_hdr=off \\
  -netdev stream,id=wire,server=off,addr.type=unix,addr.path="$1" \\
  -netdev hubport,id=port0,hubid=0,netdev=tap -netdev hubport,id=port1,hubid=0,netdev=wire
`;

/** The real Linux network stack at the other end of a cable. */
export type LinuxPeer = {
  readonly link: FrameLink;
  /** Runs a program beside the stack. @returns what it printed; rejects where it fails */
  run(program: string, ...args: readonly string[]): Promise<string>;
  /** Starts a program beside the stack; `close` ends it. */
  start(program: string, ...args: readonly string[]): ChildProcess;
  close(): Promise<void>;
};

/** Makes a namespace of its own. @param addresses `static` gives it the guest's address; `none` leaves that to DHCP */
export async function startLinuxPeer(addresses: "static" | "none"): Promise<LinuxPeer> {
  const folder = await mkdtemp(join(tmpdir(), "cloister-link-"));
  const server = createServer();
  const path = join(folder, "wire");
  server.listen(path);
  await once(server, "listening");
  const namespace = spawn("unshare", ["--net", "--", "sh", "-c", NAMESPACE_SCRIPT, "sh", path, addresses], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const socket = await acceptOne(server, namespace);
  const children: ChildProcess[] = [];
  const inside = (program: string, args: readonly string[]): readonly string[] => [
    `--target=${namespace.pid}`,
    "--net",
    "--",
    program,
    ...args,
  ];
  return {
    link: createWire(socket),
    run: async (program, ...args) =>
      (await execute("nsenter", inside(program, args), { timeout: COMMAND_TIMEOUT_MS })).stdout,
    start(program, ...args) {
      const child = spawn("nsenter", inside(program, args), { stdio: ["pipe", "pipe", "inherit"] });
      children.push(child);
      return child;
    },
    async close() {
      socket.destroy();
      server.close();
      for (const child of [...children, namespace]) {
        if (child.exitCode === null && child.signalCode === null) {
          child.kill("SIGKILL");
          await once(child, "exit");
        }
      }
      await rm(folder, { recursive: true });
    },
  };
}

async function acceptOne(server: Server, namespace: ChildProcess): Promise<Socket> {
  const failed = once(namespace, "exit").then(() => {
    throw new Error("the namespace did not start: unshare, ip and qemu-system-riscv64 are needed, as root");
  });
  const [socket] = (await Promise.race([once(server, "connection"), failed])) as [Socket];
  return socket;
}

function createWire(socket: Socket): FrameLink {
  let waiting = Buffer.alloc(0);
  const link: FrameLink = {
    send(frame) {
      const header = Buffer.alloc(4);
      header.writeUInt32BE(frame.length);
      socket.write(Buffer.concat([header, frame]));
    },
    receive: () => undefined,
  };
  socket.on("error", () => undefined);
  socket.on("data", (bytes) => {
    waiting = Buffer.concat([waiting, bytes]);
    let offset = 0;
    while (waiting.length - offset >= 4 && waiting.length - offset >= 4 + waiting.readUInt32BE(offset)) {
      const length = waiting.readUInt32BE(offset);
      link.receive(waiting.subarray(offset + 4, offset + 4 + length));
      offset += 4 + length;
    }
    waiting = waiting.subarray(offset);
  });
  return link;
}
