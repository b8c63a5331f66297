import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { connect, createServer, type AddressInfo } from "node:net";
import { userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

/** A server on loopback, and what the client needs to log in to it. */
export type TestServer = AsyncDisposable & {
  readonly port: number;
  /** The destination `user@127.0.0.1:port`. */
  readonly destination: string;
  /** Path of a client configuration that knows the server's key and has one that it accepts. */
  readonly config: string;
};

/** Starts the real server with keys and settings of its own, for the user of this process. @param folder of the test, 0700 */
export async function startSshd(folder: string): Promise<TestServer> {
  const key = (name: string): string => join(folder, name);
  for (const name of ["host", "user"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", key(name)]);
  copyFileSync(key("user.pub"), key("authorized"));
  const port = await freePort();
  const settings = [
    `Port ${port}`,
    "ListenAddress 127.0.0.1",
    `HostKey ${key("host")}`,
    `AuthorizedKeysFile ${key("authorized")}`,
    `PidFile ${key("pid")}`,
    "UsePAM no",
    "StrictModes no",
    "PermitRootLogin prohibit-password",
    "PasswordAuthentication no",
    `SetEnv HOME=${key("home")}`,
  ];
  mkdirSync(key("home"));
  if (process.getuid?.() === 0) mkdirSync("/run/sshd", { recursive: true, mode: 0o755 });
  writeFileSync(key("sshd_config"), `${settings.join("\n")}\n`);
  const hostKey = execFileSync("cat", [key("host.pub")], { encoding: "utf8" });
  writeFileSync(key("known"), `[127.0.0.1]:${port} ${hostKey}`);
  writeFileSync(
    key("ssh_config"),
    `Host *\n  IdentityFile ${key("user")}\n  IdentitiesOnly yes\n  UserKnownHostsFile ${key("known")}\n`,
  );
  // Its own name must be absolute: it starts itself again for each connection.
  const child = spawn("/usr/sbin/sshd", ["-D", "-e", "-f", key("sshd_config")], { stdio: "ignore" });
  const exited = once(child, "exit");
  await answers(port);
  return {
    port,
    destination: `${userInfo().username}@127.0.0.1:${port}`,
    config: key("ssh_config"),
    async [Symbol.asyncDispose]() {
      child.kill();
      await exited;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function answers(port: number): Promise<void> {
  for (let attempt = 0; attempt < 500; attempt++) {
    const socket = connect(port, "127.0.0.1");
    try {
      await once(socket, "data");
      return;
    } catch {
      await delay(20); // Not yet.
    } finally {
      socket.destroy();
    }
  }
  throw new Error("sshd did not answer in time.");
}
