import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A program in `limactl`'s place that plays back documented answers. */
export type LimaStandIn = {
  /** The folder that it is in: to be first on the PATH. */
  readonly bin: string;
  /** Says what `limactl list --format json` prints from now on. */
  readonly setList: (lines: string) => void;
  /** Arguments of each call so far, without the ones that every call has. */
  readonly calls: () => readonly (readonly string[])[];
};

/**
 * Writes the program: it notes its arguments, answers `list` and `--version` with what it was given, runs what `shell` is asked to run in a folder that
 * stands for the machine (as Lima does in the machine), and succeeds at everything else without doing anything.
 */
export function writeLimaStandIn(folder: string): LimaStandIn {
  const bin = join(folder, "bin");
  const machine = join(folder, "machine");
  const list = join(folder, "list");
  const log = join(folder, "log");
  for (const path of [bin, machine]) mkdirSync(path);
  for (const path of [list, log]) writeFileSync(path, "");
  const program = `#!/bin/sh
{ for word; do printf '%s\\0' "$word"; done; printf '\\n\\0'; } >>'${log}'
[ "$1" = --tty=false ] && shift
case $1 in
  --version) echo 'limactl version 2.0.3' ;;
  list) cat '${list}' ;;
  shell)
    shift 4
    # What only root of a real machine can do is not done.
    [ "$1" = sudo ] && shift 2 && [ "$1" = sh ] && exit 0
    HOME='${machine}' exec "$@" ;;
esac
`;
  writeFileSync(join(bin, "limactl"), program, { mode: 0o755 });
  const calls = (): readonly (readonly string[])[] => {
    const words = readFileSync(log, "utf8").split("\0\n\0");
    return words.filter((call) => call !== "").map((call) => call.split("\0").filter((word) => word !== "--tty=false"));
  };
  return { bin, calls, setList: (lines) => writeFileSync(list, lines) };
}
