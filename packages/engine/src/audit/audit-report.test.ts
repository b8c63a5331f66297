import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { RunScript, scriptCharter, scriptTask } from "@cloister/core";
import { auditReport } from "./audit-report.ts";
import type { AuditedClaim, AuditResult } from "./claim.ts";
import type { RunJournal } from "./journal-view.ts";
import { auditExitCode, describeAudit, renderAudit } from "./render-audit.ts";

const env = { PATH: process.env["PATH"] ?? "", HOME: tmpdir() };
const outer = mkdtempSync(join(tmpdir(), "cloister-audit-"));
after(() => rmSync(outer, { recursive: true }));
const root = join(outer, "repository");

/** A repository with one source file of 12 lines, a guide of 5 words and 3 marks. */
function makeRepository(): { readonly base: string; readonly head: string } {
  mkdirSync(join(root, "src"), { recursive: true });
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=T", "-c", "user.email=t@example.org", ...args], {
      cwd: root,
      env,
      encoding: "utf8",
    }).trim();
  git("init", "--quiet");
  writeFileSync(join(root, "src/cache.ts"), "// TODO one\n// TODO two\n");
  git("add", ".");
  git("commit", "--quiet", "-m", "one");
  const base = git("rev-parse", "HEAD");
  writeFileSync(join(root, "src/cache.ts"), `// TODO one\n// TODO two\n${"line\n".repeat(10)}`);
  writeFileSync(join(root, "guide.md"), "one two three four FIXME\n");
  git("add", ".");
  git("commit", "--quiet", "-m", "two");
  writeFileSync(join(outer, "secret.txt"), "secret\n");
  symlinkSync(join(outer, "secret.txt"), join(root, "link.txt"));
  return { base, head: git("rev-parse", "HEAD") };
}
const { base, head } = makeRepository();

const BEFORE = { passed: 40, failed: 2, skipped: 0 };
const AFTER = { passed: 46, failed: 0, skipped: 1 };
const CHANGE = { files: 2, insertions: 11, deletions: 0 };

/** Three iterations of 20; `cache` is done, `ui` is not; 5 TODO became 2. */
const events = new RunScript(
  scriptCharter(
    [scriptTask("cache", { title: "Build the cache" }), scriptTask("ui", { title: "Polish the screens" })],
    {
      repository: root,
      baseCommit: base,
    },
  ),
)
  .prepare(BEFORE, { todo: 5, fixme: 1 })
  .iterate({
    task: "cache",
    change: CHANGE,
    gates: [{ gate: "tests", outcome: "failed", newFailures: ["evicts"] }],
    cost: 1,
  })
  .iterate({
    task: "cache",
    claimed: true,
    change: CHANGE,
    gates: [{ gate: "tests", outcome: "passed", tests: AFTER }],
    cost: 0.5,
    usage: { input: 9000, output: 1000 },
    commit: head,
  })
  .iterate({ task: "ui", outcome: { type: "failed", failure: "auth", message: "logged out" } })
  .end("agent_failing", { todo: 2, fixme: 1 }).events;
const journal: RunJournal = { run: scriptCharter([]).run, events };

async function audit(text: string, journals: readonly RunJournal[] = [journal]): Promise<AuditResult> {
  return auditReport({ text, file: "REPORT.md", repository: root, env, journals });
}

/** The claims of a report as `kind verdict`. */
async function verdicts(text: string, journals: readonly RunJournal[] = [journal]): Promise<string[]> {
  return (await audit(text, journals)).claims.map(({ kind, verdict }) => `${kind} ${verdict}`);
}

const CASES: readonly (readonly [text: string, ...verdicts: string[]])[] = [
  // Files.
  ["See `src/cache.ts`.", "file supported"],
  ["See [the cache](./src/cache.ts#L3).", "file supported"],
  ["1. guide.md (25 bytes)", "file supported", "file_size supported"],
  ["1. guide.md (13,659 bytes)", "file supported", "file_size contradicted"],
  ["See `cache.ts`.", "file supported"],
  ["See `src/missing.ts`.", "file contradicted"],
  ["Removed `src/missing.ts`.", "file supported"],
  ["Deleted `src/cache.ts`.", "file contradicted"],
  ["We will write `src/later.ts`.", ""],
  ["See https://example.org/src/missing.ts and `npm:left-pad`.", ""],
  ["Runs on Node.js with React 18.", ""],
  ["`src/cache.ts` has 12 lines.", "file supported", "lines supported"],
  ["`src/cache.ts` has 417 lines.", "file supported", "lines contradicted"],
  ["`src/cache.ts` (+10 lines)", "file supported", "lines supported"],
  ["`src/cache.ts` (+251 lines)", "file supported", "lines contradicted"],
  ["`src/cache.ts` (+7 lines)", "file supported", "lines without_evidence"],
  ["A 417-line production implementation (was 9-line stub).", "lines without_evidence"],
  ["`guide.md` (5 words)", "file supported", "words supported"],
  ["`guide.md` (4,700 words)", "file supported", "words contradicted"],
  // Marks.
  ["2 TODOs remain.", "marks supported"],
  ["No TODOs left.", "marks contradicted"],
  ["Resolved 3 TODOs.", "marks supported"],
  ["Resolved 8 critical TODOs.", "marks contradicted"],
  ["FIXME: 1 remaining", "marks supported"],
  // Tests.
  ["All tests are passing.", "tests supported"],
  ["46 tests passed, 1 skipped.", "tests supported", "tests supported", "tests supported"],
  ["Tests: 46 passed, 0 failed", "tests supported", "tests supported"],
  ["142/142 tests pass", "tests contradicted"],
  ["| Tests Added | 5 (all passing) |", "tests supported", "tests supported"],
  ["Added 6 new tests.", "tests contradicted"],
  // Progress.
  ["Iterations used: 3 / 20 (15%)", "iterations supported", "arithmetic supported"],
  ["In just 4 iterations it was done.", "iterations contradicted"],
  ["1/2 tasks complete", "tasks supported"],
  ["2/2 tasks complete (100%)", "tasks contradicted", "arithmetic supported"],
  ["7.5/8 tasks complete (94%)", "tasks contradicted", "arithmetic supported"],
  ["7/8 = 90% of the phases", "arithmetic contradicted"],
  ["6 → 257 entries (+251)", "arithmetic supported"],
  ["6 → 257 entries (+300)", "arithmetic contradicted"],
  // Commits, money, time.
  [`Commit ${head.slice(0, 12)} holds it.`, "commit supported"],
  ["Commit `deadbeef1234` holds it.", "commit contradicted"],
  ["It cost $1.50.", "cost supported"],
  ["It cost $0.10.", "cost contradicted"],
  ["Used 10,000 tokens.", "tokens supported"],
  ["Used 1.2M tokens.", "tokens contradicted"],
  ["It took 3 minutes.", "duration supported"],
  ["Completed in 45 minutes.", "duration contradicted"],
  ["Estimated: it will take 2 hours and cost $5.", ""],
  // What commands showed.
  ["`npm test` passes ✅", "command supported"],
  ["`cargo build` succeeds", "command without_evidence"],
  ["Zero regressions.", "absence supported"],
  ["Build status: no warnings", "absence without_evidence"],
  ["Files modified: 2", "count supported"],
  ["| Lines Added | ~1,239 lines |", "count contradicted"],
  // Words.
  ["| Build the cache | **DONE** |", "status supported"],
  ["- [x] Build the cache", "status supported"],
  ["- [x] Polish the screens", "status contradicted"],
  ["- [ ] Polish the screens", ""],
  ["Linux: PRODUCTION READY", "status without_evidence"],
  ["Build the cache: PRODUCTION READY", "status without_evidence"],
  ["Project status: ✅ COMPLETE, mission accomplished", "status contradicted"],
  ["35% debt reduction and 5-10x faster", "percentage without_evidence"],
];

describe("auditReport", () => {
  for (const [text, ...expected] of CASES) {
    it(`judges ${JSON.stringify(text)} as ${expected.join(", ") || "no claim"}`, async () => {
      assert.deepEqual(
        await verdicts(text),
        expected.filter((verdict) => verdict !== ""),
      );
    });
  }

  it("cites the journal events of the run that it asked", async () => {
    const [claim] = (await audit("All tests are passing.")).claims;
    assert.equal(claim?.evidence.run, "20260107-090000-test");
    const [position = 0] = claim?.evidence.positions ?? [];
    assert.equal(events[position - 1]?.event.type, "gate_judged");
  });

  it("finds nothing of a run shown where there is no journal", async () => {
    const text = "All tests are passing. Zero regressions. It cost $1.50 in 3 iterations.\n- [x] Build the cache";
    assert.deepEqual(
      (await verdicts(text, [])).filter((verdict) => !verdict.endsWith("without_evidence")),
      [],
    );
  });

  it("asks the run that the report names", async () => {
    const charter = scriptCharter([scriptTask("cache")]);
    const run = "20260101-000000-aaaa" as typeof charter.run;
    const older = { run, events: new RunScript({ ...charter, run }).iterate({ task: "cache" }).events };
    const text = "Run 20260101-000000-aaaa. Iterations used: 1 / 20";
    assert.deepEqual(await verdicts(text, [older, journal]), ["iterations supported"]);
    assert.deepEqual(await verdicts("Iterations used: 1 / 20", [older, journal]), ["iterations contradicted"]);
  });
});

const INFLATED = `# Final report

**Outcome:** 3.5/4 tasks complete (88%)

| # | Task | Analysis | Status |
|---|------|----------|--------|
| 1 | Store | ✅ | **DONE** |
| 2 | Sync | ✅ | **DONE** |
| 3 | Search | ✅ | **DONE** |
| 4 | Screens | ✅ | **READY** |

## Output

- **18 comprehensive reports**, ~52,000 words

**Reports (3 docs):**
1. ONE.md
2. TWO.md

\`\`\`
12 documents
\`\`\`

**Total: 19 documents, ~55K words**
`;

describe("what an inflated report says of itself", () => {
  const claims = async (): Promise<readonly AuditedClaim[]> => (await audit(INFLATED, [])).claims;

  it("is contradicted where its figures differ, with the lines that differ", async () => {
    const counts = (await claims()).filter(
      ({ kind, evidence }) => kind === "count" && (evidence.lines?.length ?? 0) > 0,
    );
    assert.deepEqual(
      counts.map(({ line, text, verdict, evidence }) => [line, text, verdict, evidence.lines]),
      [
        [14, "18 comprehensive reports", "contradicted", [24]],
        [14, "52,000 words", "contradicted", [24]],
        [16, "Reports (3 docs):", "contradicted", [17]],
        [24, "19 documents", "contradicted", [14]],
        [24, "55K words", "contradicted", [14]],
      ],
    );
  });

  it("is contradicted by its own table of tasks", async () => {
    const [claim] = (await claims()).filter(({ kind }) => kind === "tasks");
    assert.equal(claim?.verdict, "contradicted");
    assert.equal(claim.why, "the document's own table marks 3 of 4 as done");
  });

  it("is not taken at the word DONE", async () => {
    const words = (await claims()).filter(({ kind }) => kind === "status");
    assert.deepEqual(
      words.map(({ line, verdict }) => [line, verdict]),
      [
        [7, "without_evidence"],
        [8, "without_evidence"],
        [9, "without_evidence"],
      ],
    );
  });
});

describe("a hostile report", () => {
  const OUTSIDE = [
    "`../secret.txt`",
    "`link.txt`",
    "[x](/etc/passwd.txt)",
    "`.git/config.ini/../HEAD.txt`",
    "`~/secret.txt`",
  ];
  for (const path of OUTSIDE) {
    it(`is not led out of the repository by ${path}`, async () => {
      const result = await audit(`${path} has 1 lines`);
      assert.deepEqual(
        result.claims.filter(({ verdict }) => verdict === "supported"),
        [],
      );
      assert.ok(result.claims.every(({ why }) => !why.includes("has 1 ")));
    });
  }

  it("can't make git or a shell take its words for options or commands", async () => {
    const text =
      "`--output=pwned.txt` (3 lines)\n`$(touch pwned).md` and `a;touch pwned.md`\n`'quoted' name.md`, `-rf.md` (+5 lines)";
    const { claims } = await audit(text);
    for (const { evidence } of claims) {
      if (evidence.command === undefined) continue;
      execFileSync("sh", ["-n", "-c", evidence.command], { cwd: root });
      assert.doesNotMatch(evidence.command, / -rf|[^']\$\(/);
    }
    assert.equal(
      execFileSync("git", ["status", "--porcelain", "--", "pwned*"], { cwd: root, env, encoding: "utf8" }),
      "",
    );
  });

  it("is read in bounded time", { timeout: 20_000 }, async () => {
    const shapes = [
      "1".repeat(3000),
      "1,".repeat(1500),
      "a/".repeat(1500),
      "`".repeat(3000),
      "[x](".repeat(700),
      "| x ".repeat(700),
      "1 test ".repeat(400),
      "deadbeef1 `deadbeef12` ".repeat(100),
    ];
    const text = Array.from({ length: 400 }, () => shapes.join("\n")).join("\n");
    const result = await audit(text);
    assert.ok(result.claims.length <= 10_000);
  });

  it("does not become markup in the audit", async () => {
    const rendered = renderAudit(
      await audit("<script>alert(1)</script> | `x.md` [l](javascript:1) all tests passing | DONE"),
    );
    assert.doesNotMatch(rendered, /(?<!\\)<script|(?<!\\)\]\(javascript/);
  });

  it("is read in spite of double encoding", async () => {
    const damaged = Buffer.from("| Build the cache ✅ | → café |\n✅ DONE", "utf8").toString("latin1");
    const asWindows = new TextDecoder("windows-1252").decode(Buffer.from(damaged, "latin1"));
    const result = await audit(`${asWindows}\n- [x] Build the cache`);
    assert.ok(result.mended >= 3);
    assert.ok(result.claims.some(({ text }) => text.includes("✅ DONE")));
  });
});

describe("the outcome of an audit", () => {
  it("is 0 only where every claim is supported", async () => {
    assert.equal(auditExitCode(await audit("See `src/cache.ts`.")), 0);
    assert.equal(auditExitCode(await audit("See `src/cache.ts`. PRODUCTION READY")), 7);
    assert.equal(auditExitCode(await audit("See `src/missing.ts`.")), 7);
    assert.equal(auditExitCode(await audit("Nothing here.")), 0);
  });

  it("is one line that adds up", async () => {
    assert.equal(
      describeAudit(await audit("`src/cache.ts`, `src/missing.ts`, PRODUCTION READY")),
      "3 claims: 1 supported, 1 contradicted, 1 without evidence",
    );
  });
});
