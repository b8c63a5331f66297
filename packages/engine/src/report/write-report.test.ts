import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { RunScript, scriptCharter, scriptTask } from "@cloister/core";
import { writeReport } from "./write-report.ts";

const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir() };

describe("writeReport", () => {
  const folder = mkdtempSync(join(tmpdir(), "cloister-report-"));
  after(() => rmSync(folder, { recursive: true }));
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...args], {
      cwd: folder,
      env,
      encoding: "utf8",
    }).trim();
  git("init", "--quiet");
  const commit = (content: string): string => {
    writeFileSync(join(folder, "file.txt"), content);
    git("add", ".");
    git("commit", "--quiet", "-m", "change");
    return git("rev-parse", "HEAD");
  };
  const baseCommit = commit("one TODO\n");
  const head = commit("one\ntwo\nthree\n");
  const charter = (repository: string) => scriptCharter([scriptTask("one")], { repository, baseCommit });
  const script = (repository: string): RunScript =>
    new RunScript(charter(repository))
      .prepare({ passed: 1, failed: 0, skipped: 0 }, { todo: 1, fixme: 0 })
      .iterate({
        task: "one",
        claimed: true,
        change: { files: 1, insertions: 3, deletions: 1 },
        gates: [{ gate: "tests", outcome: "passed" }],
        commit: head,
      })
      .end("done", { todo: 0, fixme: 0 });

  it("writes three files whose numbers their commands say again", async () => {
    const written = await writeReport({
      events: script(folder).events,
      folder: join(folder, "out"),
      journalHash: "ab12",
      env,
    });
    const { report } = written;
    assert.deepEqual(JSON.parse(readFileSync(written.json, "utf8")), JSON.parse(JSON.stringify(report)));
    assert.match(readFileSync(written.markdown, "utf8"), /Hash of the last one: ab12\./);
    assert.match(readFileSync(written.html, "utf8"), /1 file, \+3 −1/);
    const shell = (command: string | undefined): string =>
      execFileSync("sh", ["-c", command ?? "false"], { cwd: folder, env, encoding: "utf8" }).trim();
    assert.equal(shell(report.diff.run?.evidence.command), "1 file changed, 3 insertions(+), 1 deletion(-)");
    assert.deepEqual(report.diff.run?.value, { files: 1, insertions: 3, deletions: 1 });
    assert.equal(shell(report.marks[0]?.before?.evidence.command), "1");
    assert.equal(shell(report.marks[0]?.after?.evidence.command), "0");
  });

  it("does without the change's size where the repository is gone", async () => {
    const { report } = await writeReport({
      events: script(join(folder, "gone")).events,
      folder: join(folder, "out"),
      env,
    });
    assert.equal(report.diff.run, undefined);
    assert.equal(report.diff.iterations.value.insertions, 3);
  });
});
