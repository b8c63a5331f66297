import { readdirSync, readFileSync } from "node:fs";

/** O_CLOEXEC, as `/proc/PID/fdinfo` shows it. */
const CLOSES_ON_EXEC = 0o2000000;
const MAX_DESCRIPTOR = 1023;

let inherited: readonly number[] | undefined;

/**
 * Descriptors above 2 that whoever started this process left open, and that every child would inherit: files, sockets, even folders
 * of the host. What this process opens itself is closed in children. Found once: nobody can add to them later.
 */
export function inheritedDescriptors(): readonly number[] {
  return (inherited ??= listDescriptors().filter((descriptor) => descriptor > 2 && staysOpen(descriptor)));
}

function listDescriptors(): number[] {
  try {
    return readdirSync("/proc/self/fd").map(Number);
  } catch {
    return []; // No /proc: not Linux, and no bubblewrap either.
  }
}

function staysOpen(descriptor: number): boolean {
  if (descriptor > MAX_DESCRIPTOR) return false;
  try {
    const flags = /^flags:\s*([0-7]+)$/m.exec(readFileSync(`/proc/self/fdinfo/${descriptor}`, "utf8"))?.[1] ?? "0";
    return (Number.parseInt(flags, 8) & CLOSES_ON_EXEC) === 0;
  } catch {
    return false; // It was the one that listed the others.
  }
}
