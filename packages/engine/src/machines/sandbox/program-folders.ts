import { readdirSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, isAbsolute, join, normalize, sep } from "node:path";

/** Seen in every sandbox: nothing of them needs to be added. */
export const SYSTEM_FOLDERS = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32"] as const;

/** Folders whose contents are secrets, whatever else they are used for. */
const SECRET_FOLDERS = new Set([".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".password-store"]);
/** Bounds for folders full of links. */
const MAX_ENTRIES = 2000;
const MAX_PLACES = 200;

/** What is asked. */
export type ProgramSearch = {
  /** PATH of the user. */
  readonly path: string;
  /** The user's home: it, and what it lies in, is never shown. */
  readonly home: string;
  /** Further folders to show. */
  readonly extra: readonly string[];
};

/** What a sandbox shows of the host's programs. */
export type ProgramPlaces = {
  /** Absolute paths of folders and files outside of {@link SYSTEM_FOLDERS}, none within another. */
  readonly places: readonly string[];
  /** PATH in the sandbox. */
  readonly path: string;
};

/**
 * Decides which places a sandbox must show for the host's programs to run at their own paths. As little as will do:
 * the folders of PATH themselves; beside a `bin`, the `lib/node_modules` that npm links its programs to; and what links in them lead
 * to: a `node_modules`, or else that one file. Never the home folder, what it lies in, or a folder of secrets. Folders named `shims`
 * are left out: what stands in them only asks a version manager, whose versions are not shown.
 */
export function findProgramPlaces({ path, home, extra }: ProgramSearch): ProgramPlaces {
  const isAllowed = (place: string): boolean => isShowable(place, home);
  const entries = [...new Set(path.split(":").filter(isAbsolute).map(withoutEnd))]
    .filter((entry) => isFolder(entry) && basename(entry) !== "shims")
    .filter((entry) => isSystem(entry) || isAllowed(entry));
  const folders = [...entries, ...extra].filter((folder) => !isSystem(folder) && isFolder(folder));
  const places = folders.flatMap((folder) => [folder, ...packagesBeside(folder), ...linkTargets(folder)]);
  const found = places.filter((place) => !isSystem(place) && isAllowed(place));
  return { places: outermost(found).slice(0, MAX_PLACES), path: [...new Set([...entries, ...DEFAULT_PATH])].join(":") };
}

const DEFAULT_PATH = ["/usr/local/bin", "/usr/bin", "/bin"];

function isShowable(place: string, home: string): boolean {
  const parts = place.split(sep);
  const isNarrow = parts.length > 2 && !isWithin(home, place);
  return isNarrow && !parts.some((part) => SECRET_FOLDERS.has(part));
}

/** What is npm's, beside the `bin` that its links stand in. */
function packagesBeside(folder: string): string[] {
  const packages = join(dirname(folder), "lib/node_modules");
  return basename(folder) === "bin" && isFolder(packages) ? [packages] : [];
}

function linkTargets(folder: string): string[] {
  const links = readdirSync(folder, { withFileTypes: true })
    .slice(0, MAX_ENTRIES)
    .filter((entry) => entry.isSymbolicLink());
  const targets = links.flatMap((link) => realFile(join(folder, link.name)));
  return targets.map((target) => {
    const end = target.indexOf("/node_modules/");
    return end === -1 ? target : target.slice(0, end + "/node_modules".length);
  });
}

function realFile(path: string): string[] {
  try {
    const target = realpathSync(path);
    return statSync(target).isFile() ? [target] : [];
  } catch {
    return []; // It leads nowhere.
  }
}

/** Without those that lie within another. */
function outermost(places: readonly string[]): string[] {
  const unique = [...new Set(places)];
  return unique.filter((place) => !unique.some((other) => other !== place && isWithin(place, other)));
}

/** Tells whether a path is a folder, or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === sep ? sep : folder + sep);
}

function isSystem(place: string): boolean {
  return SYSTEM_FOLDERS.some((folder) => isWithin(place, folder));
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false; // Not there.
  }
}

function withoutEnd(path: string): string {
  const clean = normalize(path);
  return clean.length > 1 && clean.endsWith(sep) ? clean.slice(0, -1) : clean;
}
