/**
 * Puts its own process into control groups and under resource limits, then becomes the command: nothing of it ever runs outside.
 * Arguments: the largest file in blocks of 512 bytes, a list of `cgroup.procs` files, `--`, the command.
 */
const SCRIPT = `
ulimit -c 0
ulimit -f "$1" || exit 125
shift
while [ "$1" != -- ]; do echo 0 > "$1" || exit 125; shift; done
shift
exec "$@"`;

const BLOCKS_PER_MIB = 2048;

/** The command that joins the groups, allows no file larger than `diskMib`, and becomes `argv`. */
export function launchUnder(groups: readonly string[], diskMib: number, argv: readonly string[]): readonly string[] {
  const blocks = String(Math.ceil(diskMib * BLOCKS_PER_MIB));
  return ["/bin/sh", "-c", SCRIPT, "cloister-limits", blocks, ...groups, "--", ...argv];
}
