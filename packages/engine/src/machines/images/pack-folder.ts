import { IMAGE_EPOCH_S } from "./epoch.ts";
import type { GuestFolder } from "./guest-files.ts";
import { runBuildTool, type ToolContext } from "./build-tool.ts";

/** What to pack, and into which archive. */
export type Packing = {
  readonly folder: string;
  readonly archive: string;
  /** Folders with another owner or mode than the rest. */
  readonly special: readonly GuestFolder[];
};

const FORMAT: readonly string[] = ["--format=gnu", "--sort=name", "--numeric-owner", `--mtime=@${IMAGE_EPOCH_S}`];

/**
 * Packs a folder into a tar archive: everything belongs to root, can be read by all and written by root alone. Equal folders give equal
 * bytes, whoever made them, when, and with what umask.
 */
export async function packFolder(context: ToolContext, { folder, archive, special }: Packing): Promise<void> {
  const common = [...FORMAT, `--directory=${folder}`, `--file=${archive}`];
  const excluded = special.map(({ path }) => `--exclude=./${path}`);
  const root = ["--owner=0", "--group=0", "--mode=u+rwX,go+rX,go-w"];
  await runBuildTool(context, ["tar", "--create", ...common, ...root, "--anchored", ...excluded, "."]);
  for (const { path, owner, mode } of special) {
    const rights = [`--owner=${owner}`, `--group=${owner}`, `--mode=${mode.toString(8)}`];
    await runBuildTool(context, ["tar", "--append", ...common, ...rights, "--no-recursion", `./${path}`]);
  }
}
