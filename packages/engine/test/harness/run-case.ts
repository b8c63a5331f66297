import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { FindingName, RunEvent, RunLimits, StampedEvent } from "@cloister/core";
import { writeMockAgent } from "@cloister/testkit";
import { loadConfig, type Config } from "../../src/config/index.ts";
import type { RunSummary } from "../../src/loop/port.ts";
import { startRun } from "../../src/loop/start-run.ts";
import { createTestRepository, type TestRepository } from "./repository.ts";

/** What a run of the sample project is made of. Everything has a default that leads to `done`. */
export type RunCase = {
  /** A scenario of the testkit, or one of its own. */
  readonly scenario: Parameters<typeof writeMockAgent>[2];
  /** Which CLI's output the mock agent speaks. Default `claude`. */
  readonly as?: NonNullable<Parameters<typeof writeMockAgent>[3]>["as"];
  readonly files?: Readonly<Record<string, string>>;
  /** Files outside the repository, relative to it: `../name` is written `name`. */
  readonly beside?: Readonly<Record<string, string>>;
  readonly plan?: string;
  /** `name=command` each. */
  readonly gates?: readonly string[];
  readonly limits?: RunLimits;
  readonly config?: Partial<Config>;
};

/** How the run went. The repository goes when it is disposed. */
export type CaseResult = {
  readonly summary: RunSummary;
  readonly events: readonly RunEvent[];
  readonly findings: readonly FindingName[];
  readonly repository: TestRepository;
} & Disposable;

export const SAMPLE_PLAN = "# Mathematics\n\n- [ ] Add subtract to src/math.mjs, with a test\n";

/** Failures are retried at once: what is tested is the decision, not the waiting. */
const QUICK: Pick<Config, "retry" | "breaker"> = {
  retry: {
    crash: { attempts: 20, delayMs: 1, maxDelayMs: 1 },
    overloaded: { attempts: 2, delayMs: 1, maxDelayMs: 1 },
    rate_limit: { attempts: 2, delayMs: 1, maxDelayMs: 1 },
    network: { attempts: 2, delayMs: 1, maxDelayMs: 1 },
  },
  breaker: { failures: 3, coolDownMs: 10, opens: 2 },
};

/** Runs a case to its end, in this process, with a real agent process, git and gates. */
export async function runCase(options: RunCase): Promise<CaseResult> {
  const {
    scenario,
    as = "claude",
    files = {},
    plan = SAMPLE_PLAN,
    gates = ["test=npm test --silent"],
    limits = {},
    config = {},
    beside = {},
  } = options;
  const repository = await createTestRepository({ "plan.md": plan, ...files });
  for (const [path, text] of Object.entries(beside)) {
    mkdirSync(dirname(join(repository.folder, path)), { recursive: true });
    writeFileSync(join(repository.folder, path), text);
  }
  const agentCommand = await writeMockAgent(
    join(repository.folder, "agents"),
    as === "kiro" ? "kiro-cli" : as,
    scenario,
  );
  const loaded = loadConfig({
    repository: repository.root,
    env: repository.env,
    home: repository.env.HOME ?? "",
    flags: { agent: as, agentCommand, limits: { maxIterations: 4, ...limits } },
  });
  const stamped: StampedEvent[] = [];
  const summary = await startRun({
    folder: repository.root,
    env: repository.env,
    config: { ...loaded.values, ...QUICK, ...config },
    plan: { file: join(repository.root, "plan.md") },
    gates: gates.map(parseGate),
    onEvent: (event) => stamped.push(event),
  });
  const events = stamped.map(({ event }) => event);
  const findings = events.flatMap((event) => (event.type === "finding_raised" ? [event.finding.name] : []));
  return { summary, events, findings, repository, [Symbol.dispose]: () => repository[Symbol.dispose]() };
}

function parseGate(text: string): { name: string; command: string } {
  const equals = text.indexOf("=");
  return { name: text.slice(0, equals), command: text.slice(equals + 1) };
}
