import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { dirname } from "node:path";
import { isOwnId, newMachineId } from "../manager/names.ts";
import { makeSocketFolder, type MachinePlaces } from "../places.ts";

/** Something on the host that carries the id of a machine. */
export type Remain = { readonly id: string; readonly where: string };

const MAYBE_ID = /(?<![a-z0-9])[a-z0-9]{12}(?![a-z0-9])/g;

/**
 * All that is on this host of machines that were made at `places`, by looking for their ids: in environments and command lines of
 * processes, mounts, control groups, folders. It does not ask the drivers: it is what they are checked with.
 * @param folders further ones in which machines leave something
 * @param inventory what else to look through: what a container engine lists
 */
export function remainsOf(
  places: MachinePlaces,
  { folders, inventory }: { readonly folders: readonly string[]; readonly inventory: string },
): readonly Remain[] {
  const texts: readonly (readonly [where: string, text: string])[] = [
    ...processTexts(),
    ["mounts", readText("/proc/self/mountinfo")],
    ["control groups", controlGroups()],
    ["inventory", inventory],
    ...[places.machines, socketBase(places), ...folders].map((folder) => [folder, namesIn(folder)] as const),
  ];
  const found = texts.flatMap(([where, text]) => ownIds(text, places).map((id) => ({ id, where })));
  return found.toSorted((left, right) => `${left.id} ${left.where}`.localeCompare(`${right.id} ${right.where}`));
}

/** Numbers of the processes on this host in whose environment `text` is. */
export function processesWith(text: string): readonly number[] {
  return otherProcesses().filter((pid) => readText(`/proc/${pid}/environ`).includes(text));
}

function ownIds(text: string, places: MachinePlaces): readonly string[] {
  return [...new Set(text.match(MAYBE_ID) ?? [])].filter((id) => isOwnId(id, places));
}

function processTexts(): readonly (readonly [string, string])[] {
  return otherProcesses().map((pid) => {
    const command = readText(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    const machine = /(?:^|\0)CLOISTER_MACHINE=[^\0]*/.exec(readText(`/proc/${pid}/environ`))?.[0] ?? "";
    return [`process ${pid}: ${command.slice(0, 200)}`, `${command} ${machine}`];
  });
}

function otherProcesses(): readonly number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid);
}

function controlGroups(): string {
  const args = ["/sys/fs/cgroup", "-type", "d", "-name", "*cloister-*"];
  // Groups of others come and go while it looks.
  return execFileSync("sh", ["-c", 'find "$@" 2>/dev/null || true', "sh", ...args], { encoding: "utf8" });
}

function socketBase(places: MachinePlaces): string {
  const probe = makeSocketFolder(newMachineId(places));
  rmdirSync(probe);
  return dirname(probe);
}

function namesIn(folder: string): string {
  return existsSync(folder) ? readdirSync(folder).join("\n") : "";
}

function readText(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return ""; // It has ended meanwhile.
  }
}
