import { existsSync } from "node:fs";
import { CloisterError } from "@cloister/core";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** Names the mirror to build from: its address, and after a space that of the security archive. */
export const MIRROR_VARIABLE = "CLOISTER_DEBIAN_MIRROR";
/**
 * Says which parts of a release to build from: any of `release`, `updates`, `security`, with spaces between. Default: all. A question mark
 * behind one allows a build, with a warning, to go without it where the mirror's lists of it do not fit their signature; in place of the
 * release itself goes what the mirror has of it under another name.
 */
export const SUITES_VARIABLE = "CLOISTER_DEBIAN_SUITES";
const SUFFIXES: Readonly<Record<string, string>> = { release: "", updates: "-updates", security: "-security" };
/** Names that a release has besides its codename, by its age. A cache may hold a release under several, at different point releases. */
const ALIASES: readonly string[] = ["stable", "oldstable", "oldoldstable", "testing"];
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/** One archive to take packages from. */
export type DebianSource = {
  /** Of a sources.list. */
  readonly line: string;
  /** The user allows a build to go without it where its lists can't be trusted. */
  readonly isOptional: boolean;
  /** Of the release itself: what may take its place, first to last. */
  readonly aliases?: readonly ReleaseAlias[];
};

/** A line of a sources.list that is of use only where the lists behind it are signed as those of the release with this codename. */
export type ReleaseAlias = { readonly line: string; readonly codename: string };

/**
 * Where the packages of a Debian release come from: the mirror that {@link MIRROR_VARIABLE} names, otherwise
 * those that this host's own apt uses for Debian.
 * @throws CloisterError `machine_unavailable` where there is neither
 */
export async function debianSources(context: ToolContext, release: string): Promise<readonly DebianSource[]> {
  const named = context.env[MIRROR_VARIABLE]?.trim() ?? "";
  const archives = named === "" ? await hostArchives(context) : namedArchives(named.split(/\s+/));
  if (archives.length === 0)
    throw new CloisterError({
      code: "machine_unavailable",
      message: "Building images needs a Debian mirror, and this host's own apt knows none.",
      remedy: `Set ${MIRROR_VARIABLE} to the address of one.`,
    });
  const suites = wantedSuites(context);
  const options = existsSync(KEYRING) ? `[signed-by=${KEYRING}] ` : "";
  return archives.flatMap(({ uri, suffix }) => {
    const isOptional = suites.get(suffix);
    const toLine = (name: string): string => `deb ${options}${uri} ${name}${suffix} main`;
    const aliases = ALIASES.map((alias) => ({ line: toLine(alias), codename: release }));
    return isOptional === undefined ? [] : [{ line: toLine(release), isOptional, ...(suffix === "" && { aliases }) }];
  });
}

/**
 * The release itself is always there: the others only have what is newer.
 * @returns for the suffix of each that is wanted, whether a build may go without it
 */
function wantedSuites({ env }: ToolContext): ReadonlyMap<string, boolean> {
  const words = env[SUITES_VARIABLE]?.trim() ?? "";
  const named = words === "" ? Object.keys(SUFFIXES) : words.split(/\s+/);
  const suites = new Map<string, boolean>();
  for (const word of named) {
    const [, name = "", mark] = /^(\w+)(\?)?$/.exec(word) ?? [];
    const suffix = Object.hasOwn(SUFFIXES, name) ? SUFFIXES[name] : undefined;
    if (suffix === undefined) throw badSuites(words);
    suites.set(suffix, mark !== undefined);
  }
  if (!suites.has("")) throw badSuites(words);
  return suites;
}

function badSuites(words: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected ${SUITES_VARIABLE} to hold release or release?, and with it updates or updates?, security or security? as wanted, found ${JSON.stringify(words)}.`,
  });
}

/** One archive of a release: `bookworm`, `bookworm-updates` or `bookworm-security`. */
type Archive = { readonly uri: string; readonly suffix: string };

function namedArchives([mirror = "", security]: readonly string[]): readonly Archive[] {
  for (const address of [mirror, security ?? mirror]) if (!isMirror(address)) throw badMirror(address);
  const own = ["", "-updates"].map((suffix) => ({ uri: mirror, suffix }));
  return security === undefined ? own : [...own, { uri: security, suffix: "-security" }];
}

/** What goes into a sources.list and a command line: nothing that either could take for something else. */
function isMirror(address: string): boolean {
  return /^(https?|file|copy):[\w./:~%@-]+$/.test(address) && URL.canParse(address);
}

function badMirror(address: string): CloisterError {
  return new CloisterError({
    code: "image_invalid",
    message: `Expected ${MIRROR_VARIABLE} to hold addresses such as https://mirror.example/debian, found ${JSON.stringify(address)}.`,
  });
}

/**
 * Debian's archives among the host's, which lie in folders of those names on every mirror. Asked for as they are configured: what a host
 * has downloaded of them may have been removed. Whether they are Debian's indeed is told by their signature.
 */
async function hostArchives(context: ToolContext): Promise<readonly Archive[]> {
  const format = "$(REPO_URI) $(RELEASE) $(COMPONENT)";
  const listed = await runBuildTool(context, ["apt-get", "indextargets", "--no-release-info", "--format", format]);
  const archives = new Map<string, Archive>();
  for (const line of listed.split("\n")) {
    const [, uri, suffix = ""] = /^(\S+\/debian(?:-security)?\/) [a-z]+(-updates|-security)? main$/.exec(line) ?? [];
    if (uri !== undefined && !archives.has(suffix)) archives.set(suffix, { uri, suffix });
  }
  return archives.has("") ? [...archives.values()].toSorted((a, b) => (a.suffix < b.suffix ? -1 : 1)) : [];
}
