import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { startSshd } from "../../src/machines/ssh/testing/start-sshd.ts";
import { describeDriver } from "./describe-driver.ts";

/**
 * A real server, with a network of its own for each connection: a host to which ports are carried must have other ports than this one.
 * `bwrap` brings nothing but that.
 */
const proxyCommand = (folder: string): string =>
  `ProxyCommand bwrap --dev-bind / / --unshare-net /usr/sbin/sshd -i -f ${join(folder, "sshd_config")}`;

describeDriver({
  name: "ssh",
  limits: { memoryMib: 96, cpus: 1, diskMib: 64, processes: 64 },
  prepare: async (home) => {
    const folder = join(home.folder, "server");
    mkdirSync(folder, { mode: 0o700 });
    const server = await startSshd(folder);
    appendFileSync(server.config, `  ${proxyCommand(folder)}\n`);
    return {
      env: { CLOISTER_SSH_CONFIG: server.config },
      image: server.destination,
      folders: [join(folder, "home", ".cache", "cloister", "machines")],
      dispose: async () => server[Symbol.asyncDispose](),
    };
  },
});
