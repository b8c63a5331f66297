/** Single files of control groups. All of it is synchronous: the kernel answers on the spot, in microseconds. */
import { readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Text of a group's file without the end of the line; undefined where there is none. */
export function readGroupFile(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8").trimEnd();
  } catch {
    return undefined; // The group has gone, or this kernel has no such file.
  }
}

/** The value of `key` in a file of lines `key value`; 0 where it has none. */
export function readGroupCount(folder: string, name: string, key: string): number {
  const line = readGroupFile(folder, name)
    ?.split("\n")
    .find((text) => text.startsWith(`${key} `));
  return Number(line?.slice(key.length + 1) ?? 0);
}

/** Writes a setting. @returns false where the kernel refuses it or has none such. */
export function writeGroupFile(folder: string, name: string, value: string): boolean {
  try {
    writeFileSync(join(folder, name), value, { flag: "r+" });
    return true;
  } catch {
    return false; // Expected: callers have a second best, or say what is missing.
  }
}

/** Numbers of the processes in a group and in those below it. */
export function groupProcesses(folder: string): number[] {
  const own = (readGroupFile(folder, "cgroup.procs") ?? "").split("\n").map(Number);
  return [...own.filter((pid) => pid > 0), ...subgroups(folder).flatMap(groupProcesses)];
}

/** Absolute paths of the groups right below a group. */
export function subgroups(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => join(folder, entry.name));
  } catch {
    return []; // It has gone.
  }
}

/** Removes a group and those below it. @returns true where it is gone, false while it has processes. */
export function removeGroup(folder: string): boolean {
  for (const group of subgroups(folder)) removeGroup(group);
  try {
    rmdirSync(folder);
    return true;
  } catch (error: unknown) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
