import { rmSync } from "node:fs";
import { homeOf } from "../tool/index.ts";
import { findByWords, killProcesses, type MachineProcess } from "../virtual/machine-process.ts";

/** Whoever is in the process table as such a client again and again is none. */
const MOST_ROUNDS = 5;

/** A client on this host that holds, uses or still makes the shared connection of a machine. */
export type SshConnection = MachineProcess & { readonly id: string; readonly socket: string };

/** The clients of all machines of this home, whoever started them: {@link findByWords}. */
export function findConnections(env: Readonly<Record<string, string>>): readonly SshConnection[] {
  const socket = `(/.*/([a-z0-9]{12})/ssh-${homeOf(env)})`;
  // In the background, the client names its process after the socket; before, it has its arguments.
  const title = new RegExp(`\\bssh: ${socket} \\[mux\\]\\s*$`);
  const given = new RegExp(`\\bssh .*\\bControlPath=${socket} `);
  return findByWords((words) => {
    const [, path, id] = title.exec(words) ?? given.exec(words) ?? [];
    return path === undefined || id === undefined ? undefined : { id, socket: path.replaceAll("%%", "%") };
  });
}

/** Ends a machine's shared connection, and with it every session. Idempotent. @param socket of the connection */
export async function endConnection(socket: string, env: Readonly<Record<string, string>>): Promise<void> {
  // One that still connects may go into the background, as another process, while it is looked for and killed.
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const clients = findConnections(env).filter((client) => client.socket === socket);
    if (clients.length === 0) break;
    await killProcesses(clients);
  }
  rmSync(socket, { force: true });
}
