/** What Cloister says of a gate. A gate that could not run is inconclusive: never passed, never failed. */
export type Verdict = "passed" | "failed" | "inconclusive";

/** Why a gate could not give a verdict. */
export type InconclusiveReason =
  | "command_not_found"
  | "not_executable"
  | "timeout"
  | "killed"
  | "zero_tests"
  | "spawn_failed"
  | "held_out_missing";

/** How one test ended. */
export type TestStatus = "passed" | "failed" | "skipped";

/** What a test runner's output says, test by test. */
export type TestResults = {
  /** The reader that understood the output: `tap`, `junit`, `jest`, `pytest`, … */
  readonly runner: string;
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Status by full test name (suite > test, or file::test). Empty where the output has only counts. */
  readonly cases: Readonly<Record<string, TestStatus>>;
  /** Present where `cases` does not name every test, but those that failed at most. */
  readonly partial?: true;
};

/** A blob in the run's evidence folder, by content. */
export type EvidenceRef = { readonly sha256: string; readonly bytes: number };

/** One execution of one gate. */
export type GateResult = {
  readonly gate: string;
  readonly verdict: Verdict;
  readonly inconclusive?: InconclusiveReason;
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly durationMs: number;
  readonly tests?: TestResults;
  /** The whole output (bounded), as kept in the evidence folder. */
  readonly output: EvidenceRef;
  /** The part of the output that matters to whoever must mend it; 4,000 characters at most. */
  readonly excerpt: string;
};

/** What a gate's result means for a task, against the baseline. */
export type GateOutcome = "passed" | "failed" | "inconclusive" | "pre_existing";

/** A gate's result, judged against what the same gate said of the base commit. */
export type JudgedGate = {
  readonly gate: string;
  readonly outcome: GateOutcome;
  readonly inconclusive?: InconclusiveReason;
  /** Tests that fail now and did not fail on the base. */
  readonly newFailures: readonly string[];
  /** Tests that failed on the base and still do. */
  readonly oldFailures: readonly string[];
  readonly counts?: { readonly passed: number; readonly failed: number; readonly skipped: number };
  readonly durationMs: number;
  readonly output: EvidenceRef;
  readonly excerpt: string;
};
