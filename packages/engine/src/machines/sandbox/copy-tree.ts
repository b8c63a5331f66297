import { existsSync, mkdirSync } from "node:fs";
import { runTool } from "../tool/index.ts";
import { SYSTEM_FOLDERS } from "./program-folders.ts";

const COPY_MS = 600_000;

/**
 * Copies a sandbox's files: links as they are, sharing blocks where the file system can. It runs in a sandbox of its own that shows
 * nothing but the two folders, so that whoever moves links about in the source meanwhile can't have files of the host copied.
 * @param into made here; must not exist.
 * @throws CloisterError `machine_failed` with what `cp` said.
 */
export async function copyTree(from: string, into: string, bubblewrap: string): Promise<void> {
  mkdirSync(into, { mode: 0o700 });
  const system = SYSTEM_FOLDERS.filter((folder) => existsSync(folder)).flatMap((path) => ["--ro-bind", path, path]);
  const separation = ["--unshare-user", "--unshare-all", "--cap-drop", "ALL", "--die-with-parent", "--clearenv"];
  const shown = [...system, "--ro-bind", from, "/from", "--bind", into, "/into"];
  const command = ["/bin/cp", "--archive", "--reflink=auto", "/from/.", "/into/"];
  await runTool(bubblewrap, [...separation, ...shown, "--", ...command], {
    env: { PATH: "/usr/bin:/bin" },
    timeLimitMs: COPY_MS,
  });
}
