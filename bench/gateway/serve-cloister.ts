/**
 * Cloister's gateway as a run has it: `serve-cloister.ts UPSTREAM FOLDER [record]`. Its ledger is a journal in the folder, synced to
 * disk; budgets of task and iteration are on, none of days; the policy is the default one; with `record` it keeps transcripts. Prints its
 * address and a token.
 */
import { join } from "node:path";
import { budgetsFor, createSpendBook, fromUsd, type RequestEvent } from "@cloister/core";
import { createRecorder } from "../../packages/engine/src/gateway/cassette/index.ts";
import { createGateway } from "../../packages/engine/src/gateway/create-gateway.ts";
import { findCredentialSources, openVault } from "../../packages/engine/src/gateway/credentials/index.ts";
import { periodOf } from "../../packages/engine/src/gateway/money/index.ts";
import { DEFAULT_GATEWAY_POLICY } from "../../packages/engine/src/gateway/policy.ts";
import { openJournal } from "../../packages/engine/src/journal/index.ts";

const [upstream = "", folder = "", record] = process.argv.slice(2);
const env = { ANTHROPIC_BASE_URL: upstream, ANTHROPIC_API_KEY: "the-key-of-the-bench" };
const limits = { maxCost: fromUsd(1_000_000) };
const policy = {
  ...DEFAULT_GATEWAY_POLICY,
  budgets: { limits: { iteration: limits, task: limits }, warnAt: 0.8 },
};
const sources = findCredentialSources(env, policy);
const vault = openVault(sources, env);
const journal = openJournal(join(folder, "journal.db"), { create: true });
const gateway = await createGateway({
  policy,
  env,
  vault,
  budgetsOf: (identity) =>
    budgetsFor(identity, { policy: policy.budgets, runLimits: limits, period: periodOf(new Date()) }),
  book: createSpendBook(policy.budgets.warnAt),
  write,
  onFailure: fail,
  ...(record === undefined
    ? {}
    : {
        recorder: createRecorder({
          folder: join(folder, "transcripts"),
          redact: (text) => vault.redact(text),
          onProblem: fail,
        }),
      }),
});
const { token } = gateway.admit({ run: "bench", task: "bench", iteration: 1 });
process.stdout.write(`${gateway.url} ${token}\n`);
process.on("SIGTERM", () => void gateway.close().then(() => process.exit(0)));

async function write(events: readonly RequestEvent[]): Promise<void> {
  const time = Date.now();
  journal.append(
    events.map(({ type, ...data }) => ({ type, time, data })),
    { expected: journal.length, durable: false },
  );
  await journal.sync();
}

function fail(problem: unknown): never {
  throw problem instanceof Error ? problem : new Error(String(problem));
}
