import { join } from "node:path";
import { runTool, type ToolAnswer, type ToolOptions } from "../tool/index.ts";
import type { Destination } from "./destination.ts";

/** A way to a host: one connection that all sessions of a machine share. */
export type SshClient = {
  readonly destination: Destination;
  /** Unix socket of the shared connection. */
  readonly socket: string;
  readonly env: Readonly<Record<string, string>>;
};

/** What the user's own configuration can't turn on: nothing of this host is lent to the other, nothing asks, nothing runs here. */
const SETTINGS = [
  "BatchMode=yes",
  "ForwardAgent=no",
  "ForwardX11=no",
  "ClearAllForwardings=yes",
  "PermitLocalCommand=no",
  "EscapeChar=none",
  "RequestTTY=no",
  "RemoteCommand=none",
  "ConnectTimeout=10",
  "ServerAliveInterval=15",
  "ServerAliveCountMax=4",
  "ControlMaster=auto",
  // What a crash leaves behind ends by itself.
  "ControlPersist=60",
  "LogLevel=ERROR",
];

/** Where the shared connection of a machine is. @param home of Cloister, as {@link homeOf} names it */
export function socketPath(socketFolder: string, home: string): string {
  return join(socketFolder, `ssh-${home}`);
}

/** The arguments of `ssh` that run a script of a POSIX shell there, whatever the user's own shell. @param script without single quotation marks */
export function sshArguments(client: SshClient, script: string): readonly string[] {
  return [...connectionArguments(client), "--", client.destination.host, `exec /bin/sh -c '${script}'`];
}

/** Runs a script of a POSIX shell there. Rejects as `runTool` does. */
export function runThere(
  client: SshClient,
  script: string,
  options: Omit<ToolOptions, "env"> = {},
): Promise<ToolAnswer> {
  return runTool("ssh", sshArguments(client, script), { ...options, env: client.env });
}

function connectionArguments({ destination, socket, env }: SshClient): readonly string[] {
  const config = env["CLOISTER_SSH_CONFIG"] ?? "";
  const { user, port } = destination;
  return [
    ...(config === "" ? [] : ["-F", config]),
    ...SETTINGS.flatMap((setting) => ["-o", setting]),
    // The client expands `%` in this path.
    "-o",
    `ControlPath=${socket.replaceAll("%", "%%")}`,
    ...(user === undefined ? [] : ["-l", user]),
    ...(port === undefined ? [] : ["-p", String(port)]),
  ];
}
