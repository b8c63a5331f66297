import { execFileSync } from "node:child_process";
import { statfsSync } from "node:fs";
import { cpus, loadavg, release, tmpdir, totalmem, type } from "node:os";

/** Magic numbers of statfs(2) for file systems on which a bench is likely to run. */
const FILE_SYSTEMS: Readonly<Record<number, string>> = {
  0xef53: "ext4",
  0x58465342: "xfs",
  0x9123683e: "btrfs",
  0x01021994: "tmpfs",
  0x794c7630: "overlayfs",
};

/** What was measured on, one fact a line. */
export function describeMachine(): readonly string[] {
  const cores = cpus();
  const { type: magic } = statfsSync(tmpdir());
  const git = execFileSync("git", ["--version"], { encoding: "utf8" }).trim().replace("git version ", "");
  return [
    `Processor: ${cores.length} cores, ${cores[0]?.model.trim() ?? "unknown"}; ${(totalmem() / 1e9).toFixed(1)} GB of memory`,
    `System: ${type()} ${release()}; temporary files on ${FILE_SYSTEMS[magic] ?? `file system ${magic.toString(16)}`}`,
    `Node ${process.versions.node}, git ${git}`,
  ];
}

/** Load average of the last minute: processes that want a core, those of the bench included. */
export function currentLoad(): number {
  return loadavg()[0] ?? Number.NaN;
}
