/** Where machines, images and templates lie on the host. */
import { lstatSync, mkdirSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { CloisterError } from "@cloister/core";
import { stateHome } from "../workspace/worktree.ts";

/** Folders of the user's machines. All below Cloister's state folder. */
export type MachinePlaces = {
  /** One folder a machine, by id. */
  readonly machines: string;
  /** One folder an image, by digest. */
  readonly images: string;
  /** One folder a template, by fingerprint. */
  readonly templates: string;
  /** The journal of the registry. */
  readonly journal: string;
  /** What is downloaded or compiled once. */
  readonly cache: string;
  /** What machines of Cloister's own engine have compiled. */
  readonly code: string;
  /** The key that compiled code is sealed with: in a folder of this user alone. */
  readonly codeKey: string;
};

/** The places for an environment. Makes nothing. */
export function machinePlaces(env: Readonly<Record<string, string>>): MachinePlaces {
  const home = stateHome(env);
  const machines = join(home, "machines");
  const cache = cacheHome(env);
  return {
    machines,
    images: join(home, "images"),
    templates: join(home, "templates"),
    journal: join(machines, "registry.db"),
    cache,
    code: join(cache, "vm-code"),
    codeKey: join(home, "keys", "machine-code"),
  };
}

/** Where Cloister keeps what can be made again: `CLOISTER_CACHE_HOME`, or `cloister` in the user's cache folder. */
function cacheHome(env: Readonly<Record<string, string>>): string {
  const { CLOISTER_CACHE_HOME: chosen = "", XDG_CACHE_HOME: base = "", HOME: home = homedir() } = env;
  if (chosen !== "") return chosen;
  return join(base.startsWith("/") ? base : join(home, ".cache"), "cloister");
}

/**
 * The folder of a machine's Unix sockets: short, because their paths end after 107 bytes; of this user alone.
 * @throws CloisterError `machine_failed` where somebody else has made it.
 */
export function makeSocketFolder(id: string): string {
  const uid = process.getuid?.() ?? 0;
  const base = join(tmpdir(), `cloister-${uid}`);
  mkdirSync(base, { recursive: true, mode: 0o700 });
  const found = lstatSync(base);
  if (!found.isDirectory() || found.uid !== uid || (found.mode & 0o077) !== 0)
    throw new CloisterError({
      code: "machine_failed",
      message: `Expected ${base} to be a folder of yours that nobody else can open.`,
      remedy: "Remove it, or set TMPDIR to a folder of your own.",
    });
  const folder = join(base, id);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}
