import { runTool } from "../tool/index.ts";

/** A walk that takes longer is given up: what it would say is old by then. */
const WALK_MS = 20_000;

/**
 * What the files below a folder take up, in KiB: blocks, not lengths, and one file with two names once. By `du`, which never follows
 * links, does not leave the file system, and can't be led out of the folder by somebody who moves things about in it meanwhile.
 * @returns undefined where it can't be told within 20 s.
 */
export async function folderSizeKib(folder: string): Promise<number | undefined> {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C" };
  try {
    // 1: some file went away, or can't be read. The sum of the others is what counts.
    const { stdout } = await runTool("du", ["-skx", "--", folder], { env, timeLimitMs: WALK_MS, allow: [1] });
    const size = Number.parseInt(stdout, 10);
    return Number.isNaN(size) ? undefined : size;
  } catch {
    return undefined; // No such folder, or too much in it.
  }
}
