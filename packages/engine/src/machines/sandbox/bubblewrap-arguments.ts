import { existsSync } from "node:fs";
import type { Mount } from "@cloister/core";
import { shownOfEtc } from "./make-etc.ts";
import { SYSTEM_FOLDERS } from "./program-folders.ts";
import { foldersAbove, kindOf, makeMountPoints, SANDBOX_HOME, type SandboxPlaces } from "./sandbox-folder.ts";

/** Where the guest agent's program is in a sandbox. */
export const GUEST_PROGRAM = "/.cloister-guest";
/** The descriptor from which `bwrap` reads the filter of system calls. */
export const FILTER_DESCRIPTOR = 3;

/** Files of `/proc` that only the host's root may read, and which know of more than the sandbox: hidden where Cloister runs as root. */
const ROOT_ONLY =
  "kcore keys kmsg kpagecgroup kpagecount kpageflags mtrr pagetypeinfo sched_debug slabinfo timer_list vmallocinfo"
    .split(" ")
    .map((name) => `/proc/${name}`);

/** The walls themselves: nothing of it depends on the machine. */
const SEPARATION = [
  "--unshare-user --unshare-all --uid 1000 --gid 1000",
  "--cap-drop ALL --new-session --die-with-parent --clearenv",
  "--setenv PATH /usr/local/bin:/usr/bin:/bin",
].flatMap((words) => words.split(" "));

/** What a sandbox shows, and what runs in it. */
export type SandboxView = {
  readonly id: string;
  readonly places: SandboxPlaces;
  /** Places of the host to show at the same path. */
  readonly programs: readonly string[];
  readonly mounts: readonly Mount[];
  /** Path of the guest agent's program on the host. */
  readonly guest: string;
  readonly command: readonly string[];
};

/**
 * The arguments of `bwrap` for one connection, after making the places in the sandbox's root that things are mounted on.
 * Order matters: later mounts lie on top of earlier ones.
 * @throws CloisterError `machine_failed` where something stands in the way of a mount.
 */
export function bubblewrapArguments(view: SandboxView): string[] {
  const { places } = view;
  const system = SYSTEM_FOLDERS.filter((folder) => existsSync(folder));
  const shown = [
    ...view.programs.filter((path) => existsSync(path)).map((path) => ({ from: path, to: path, writable: false })),
    ...view.mounts,
  ];
  const targets = new Map(shown.map(({ from, to }) => [to, kindOf(from)] as const));
  const above = foldersAbove([...targets.keys()]);
  const base = [...system, "/etc", "/proc", "/dev"].map((path) => [path, "folder"] as const);
  makeMountPoints(places.root, new Map([...base, [GUEST_PROGRAM, "file"], ...targets]));
  const mounts: readonly (readonly string[])[] = [
    ["--bind", places.root, "/"],
    ...system.map((path) => ["--ro-bind", path, path]),
    ["--ro-bind", places.etc, "/etc"],
    ...shownOfEtc().map((path) => ["--ro-bind", path, path]),
    ...devices(places.shared),
    ...above.map((path) => ["--bind", `${places.root}${path}`, path]),
    ...shown.map(({ from, to, writable }) => [writable ? "--bind" : "--ro-bind", from, to]),
    ["--ro-bind", view.guest, GUEST_PROGRAM],
  ];
  const surroundings = ["--hostname", view.id, "--setenv", "HOME", SANDBOX_HOME, "--chdir", SANDBOX_HOME];
  const filter = ["--seccomp", String(FILTER_DESCRIPTOR)];
  return [...SEPARATION, ...mounts.flat(), ...surroundings, ...filter, "--", ...view.command];
}

/**
 * Both are read-only as a whole. `/proc`, because the host's root owns the kernel's settings in it, and is what the sandbox's user is
 * where Cloister runs as root; `/dev`, because it is memory that nobody would count.
 */
function devices(shared: string): readonly (readonly string[])[] {
  const isRoot = process.getuid?.() === 0;
  const hidden = isRoot ? ROOT_ONLY.filter((path) => existsSync(path)) : [];
  return [
    ["--proc", "/proc"],
    ...hidden.map((path) => ["--ro-bind", "/dev/null", path]),
    ["--remount-ro", "/proc"],
    ["--dev", "/dev"],
    ["--bind", shared, "/dev/shm"],
    ["--remount-ro", "/dev"],
  ];
}
