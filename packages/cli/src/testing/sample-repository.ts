import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A git repository in a temporary folder, removed when disposed of. */
export interface SampleRepository extends Disposable {
  readonly folder: string;
  readonly git: (...args: readonly string[]) => string;
}

/** A repository with one commit that holds `files`, by path. */
export function createSampleRepository(files: Readonly<Record<string, string>>): SampleRepository {
  const folder = mkdtempSync(join(tmpdir(), "cloister-sample-"));
  const git = (...args: readonly string[]): string =>
    execFileSync("git", ["-c", "user.name=Test", "-c", "user.email=test@example.com", ...args], {
      cwd: folder,
      encoding: "utf8",
    });
  for (const [path, content] of Object.entries(files)) writeFileSync(join(folder, path), content);
  git("init", "--quiet", "--initial-branch=main");
  git("add", "--all");
  git("commit", "--quiet", "--allow-empty", "--message=start");
  return { folder, git, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
