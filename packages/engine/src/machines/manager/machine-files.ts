/** The folders of a machine on the host, and what its driver is told of it. */
import { existsSync, lstatSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { CloisterError, type RegisteredMachine } from "@cloister/core";
import { makeSocketFolder, type MachinePlaces } from "../places.ts";
import type { MachineId, MachineSpec } from "../port.ts";
import type { ManagerContext } from "./context.ts";

/**
 * Variables of the caller that processes of machines on this host get: where programs, folders and services of the user are. No other: a
 * machine's own processes on the host need no credential.
 */
const HOST_VARIABLES = [
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "LANG",
  "LC_ALL",
  "LC_CTYPE",
  "TMPDIR",
  "TZ",
  "XDG_RUNTIME_DIR",
  "XDG_DATA_HOME",
  "XDG_CONFIG_HOME",
  "XDG_CACHE_HOME",
  "XDG_STATE_HOME",
  "CLOISTER_STATE_HOME",
  "CLOISTER_CACHE_HOME",
  "SSH_AUTH_SOCK",
  "DOCKER_HOST",
  "DOCKER_CONFIG",
  "DOCKER_CONTEXT",
  "CONTAINER_HOST",
  "LIMA_HOME",
  "LIBVIRT_DEFAULT_URI",
  "CLOISTER_BOOT_SECONDS",
];

/** A machine as its driver knows it. Makes its socket folder, which goes when the host starts anew. */
export function specOf({ env, places, images }: ManagerContext, machine: RegisteredMachine): MachineSpec {
  const image = (machine.digest === undefined ? undefined : images.find(machine.digest)) ?? machine.image;
  return {
    id: machine.id as MachineId,
    folder: folderOf(places, machine.id),
    socketFolder: socketFolderOf(machine),
    ...(image === undefined ? {} : { image }),
    limits: machine.policy.limits,
    mounts: machine.policy.mounts,
    env: { ...pickHostVariables(env), ...machine.env, CLOISTER_MACHINE: machine.id },
  };
}

/** Makes the folder of a new machine. */
export function makeMachineFolder(places: MachinePlaces, id: string): void {
  mkdirSync(folderOf(places, id), { recursive: true, mode: 0o700 });
}

/** Removes the folders of a machine, links in them as links. @throws CloisterError `machine_failed` where something is mounted there. */
export function removeMachineFolders({ folder, socketFolder, id }: MachineSpec): void {
  removeFolder(folder);
  if (basename(socketFolder) === id) removeFolder(socketFolder);
}

/** Removes a folder. @throws CloisterError `machine_failed` where something is mounted in it: that would be emptied as well. */
export function removeFolder(folder: string): void {
  const mounted = mountsBelow(folder);
  if (mounted.length > 0)
    throw new CloisterError({
      code: "machine_failed",
      message: `Expected nothing to be mounted below ${folder}, found ${mounted.join(", ").slice(0, 500)}.`,
      remedy: "Unmount it, then try again.",
    });
  rmSync(folder, { recursive: true, force: true, maxRetries: 3, retryDelay: 20 });
}

/** The folder of a machine. */
export function folderOf({ machines }: MachinePlaces, id: string): string {
  return join(machines, id);
}

/** Where it was made, although TMPDIR may be another now: the sockets of a living machine are there. */
function socketFolderOf({ id, socketFolder }: RegisteredMachine): string {
  if (socketFolder !== undefined && isOwnFolder(socketFolder)) return socketFolder;
  return makeSocketFolder(id);
}

function isOwnFolder(folder: string): boolean {
  const found = lstatSync(folder, { throwIfNoEntry: false });
  return found?.isDirectory() === true && found.uid === (process.getuid?.() ?? found.uid) && (found.mode & 0o077) === 0;
}

function pickHostVariables(env: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(HOST_VARIABLES.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])));
}

/** Mount points below a folder, where the system says. Spaces and the like in them are written as `\040`. */
function mountsBelow(folder: string): string[] {
  const table = "/proc/self/mountinfo";
  if (!existsSync(table)) return [];
  const points = readFileSync(table, "utf8")
    .split("\n")
    .map((line) => unescapeOctal(line.split(" ")[4] ?? ""));
  return points.filter((point) => point === folder || point.startsWith(`${folder}/`));
}

function unescapeOctal(text: string): string {
  return text.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}
