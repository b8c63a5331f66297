import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Controllers that are used. `cpuacct` counts only, and is part of `cpu` in version 2. */
export const CONTROLLERS = ["memory", "pids", "cpu", "cpuacct"] as const;

/** A part of the kernel that limits one thing. */
export type Controller = (typeof CONTROLLERS)[number];

/** A mounted hierarchy of control groups, and where a process is in it: this one, unless another was asked for. */
export type Hierarchy = {
  readonly version: 1 | 2;
  /** Empty for version 2: there the groups' own files say. */
  readonly controllers: readonly Controller[];
  /** Absolute path of the mount. */
  readonly root: string;
  /** Absolute path of the group that the process is in. */
  readonly own: string;
};

/** What {@link findHierarchies} reads: where control groups are mounted here, and which ones a process is in. As in `/proc`. */
export type GroupFiles = { readonly mountinfo: string; readonly cgroup: string };

/** The hierarchies of this host, version 2 first. See cgroups(7). */
export function findHierarchies(files: GroupFiles = readGroupFiles()): readonly Hierarchy[] {
  const memberships = files.cgroup.split("\n").flatMap(parseMembership);
  return files.mountinfo
    .split("\n")
    .flatMap((line) => parseMount(line) ?? [])
    .flatMap((mount) => toHierarchy(mount, memberships) ?? [])
    .sort((left, right) => right.version - left.version);
}

/**
 * The groups that a process of this host is in, with those above them, as long as `name` is in their path.
 * @returns absolute paths; none where the process has ended, or is in no group of that name.
 */
export function groupsNamed(name: string, pid: number, files: GroupFiles = readGroupFiles(pid)): readonly string[] {
  const upward = (folder: string): string[] => (folder.includes(name) ? [folder, ...upward(dirname(folder))] : []);
  return findHierarchies(files).flatMap(({ own }) => upward(own));
}

function readGroupFiles(pid: number | "self" = "self"): GroupFiles {
  try {
    return {
      mountinfo: readFileSync("/proc/self/mountinfo", "utf8"),
      cgroup: readFileSync(`/proc/${pid}/cgroup`, "utf8"),
    };
  } catch {
    return { mountinfo: "", cgroup: "" }; // No /proc, so no control groups either; or the process has ended.
  }
}

type Membership = { readonly controllers: readonly string[]; readonly path: string };
type GroupMount = {
  readonly version: 1 | 2;
  readonly base: string;
  readonly at: string;
  readonly options: readonly string[];
};

/** `5:cpu,cpuacct:/a/b`, or `0::/a/b` for version 2. */
function parseMembership(line: string): Membership[] {
  const [, controllers = "", path] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
  return path === undefined ? [] : [{ controllers: controllers === "" ? [] : controllers.split(","), path }];
}

/** `31 23 0:28 /base /mount/point rw - cgroup cgroup rw,memory` (proc_pid_mountinfo(5)). */
function parseMount(line: string): GroupMount | undefined {
  const [before = "", after = ""] = line.split(" - ");
  const [type, , options = ""] = after.split(" ");
  if (type !== "cgroup" && type !== "cgroup2") return undefined;
  const [, , , base = "/", at = ""] = before.split(" ");
  return { version: type === "cgroup2" ? 2 : 1, base, at: unescape(at), options: options.split(",") };
}

/** Blanks and the like stand as `\040` in mountinfo. */
function unescape(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 8)));
}

function toHierarchy(mount: GroupMount, memberships: readonly Membership[]): Hierarchy | undefined {
  const controllers = CONTROLLERS.filter((controller) => mount.options.includes(controller));
  if (mount.version === 1 && controllers.length === 0) return undefined;
  const membership = memberships.find(({ controllers: theirs }) =>
    mount.version === 2 ? theirs.length === 0 : controllers.some((controller) => theirs.includes(controller)),
  );
  if (membership === undefined) return undefined;
  // In a container the mount may begin further down than the path is counted from.
  const isBelow = mount.base !== "/" && `${membership.path}/`.startsWith(`${mount.base}/`);
  const path = (isBelow ? membership.path.slice(mount.base.length) : membership.path).replace(/\/$/, "");
  return {
    version: mount.version,
    controllers,
    root: mount.at,
    own: path.includes("..") ? mount.at : join(mount.at, path),
  };
}
