import { chmodSync, copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Where the guest agent lies in every image. */
export const GUEST_PROGRAM_PATH = "/usr/local/libexec/cloister-guest";

/** A folder that is not root's alone, or open to all. `owner`: user and group id. */
export type GuestFolder = { readonly path: string; readonly owner: number; readonly mode: number };

/** Folders of every image: the agent's home, and those for temporary files. */
export const GUEST_FOLDERS: readonly GuestFolder[] = [
  { path: "home/agent", owner: 1000, mode: 0o755 },
  { path: "tmp", owner: 0, mode: 0o1777 },
  { path: "var/tmp", owner: 0, mode: 0o1777 },
];

type GuestFile = { readonly path: string; readonly content: string };

const FILES: readonly GuestFile[] = [
  { path: "etc/hostname", content: "cloister\n" },
  { path: "etc/hosts", content: "127.0.0.1 localhost\n::1 localhost\n" },
  // Empty: each machine is given one of its own.
  { path: "etc/machine-id", content: "" },
  // There is no name server: the egress proxy resolves.
  { path: "etc/resolv.conf", content: "" },
];

/** Writes what every image holds into a folder: the guest agent, and what a machine is called before it is given its identity. */
export function writeGuestFiles(root: string, guestProgram: string): void {
  for (const file of FILES) writeGuestFile(root, file);
  const program = join(root, GUEST_PROGRAM_PATH);
  mkdirSync(dirname(program), { recursive: true });
  copyFileSync(guestProgram, program);
  chmodSync(program, 0o755);
}

/** Writes one file below `root`, with the folders that it needs. */
export function writeGuestFile(root: string, { path, content }: GuestFile): void {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
}
