/** The gateway as a run has it: for its agent, on its budgets, into its journal. */
import {
  budgetsFor,
  createSpendBook,
  foldLedger,
  isPeriodBudget,
  type LedgerEntry,
  type RequestEvent,
  runBudgetKeys,
  type RunState,
  type SpendBook,
  spentByPeriodKey,
  type TaskId,
  totalTokens,
} from "@cloister/core";
import type { GatewayChoice } from "./choose.ts";
import { createGateway, type GatewayOptions } from "./create-gateway.ts";
import { hideCredentialsFromProcess, openVault } from "./credentials/index.ts";
import { periodOf, type PeriodBook } from "./money/index.ts";
import { openRecorder, openSharedBook, sayFailure } from "./open-fittings.ts";
import type { WriteEvents } from "./ledger.ts";
import type { GatewayPolicy } from "./policy.ts";
import { noteUnpriced } from "./note-unpriced.ts";
import type { GatewayObserver } from "./port.ts";
import { redirectVariables } from "./redirect.ts";

/** What a run's gateway is made of. */
export type RunGatewayOptions = {
  readonly policy: GatewayPolicy;
  readonly choice: GatewayChoice;
  /** The caller's environment, credentials included. */
  readonly env: Readonly<Record<string, string>>;
  /** The run as it stands: limits may be raised, spending goes on. */
  readonly state: () => RunState;
  /** What the run's journal holds of its requests; read only where days or months are limited. */
  readonly entries: () => Iterable<LedgerEntry>;
  /** Writes to the run's journal; on disk when it returns, or where it gives a promise, when that resolves. */
  readonly record: WriteEvents;
  /** Lines for people. */
  readonly notify: (line: string) => void;
  readonly observers: readonly GatewayObserver[];
  /** Where transcripts go. */
  readonly transcripts: string;
  /** The user's state folder. */
  readonly stateFolder: string;
};

/** An iteration's stay behind the gateway. */
export interface Visit {
  /** What sends the agent to the gateway instead of to its provider. */
  readonly env: Readonly<Record<string, string>>;
  /** Revokes the token, and waits until every request is settled and written. */
  end(): Promise<void>;
}

/** Why an agent should come to an end: a request was refused because a budget is spent, or its context is full. */
export type StopCause = "budget" | "context";

/** Whom a visit is for. */
export type Visitor = {
  readonly task: TaskId;
  readonly iteration: number;
  readonly traceparent?: string;
  /** Called when its agent should come to an end. May be called more than once. */
  readonly onStop: (why: StopCause) => void;
};

/** A run's gateway. */
export interface RunGateway extends AsyncDisposable {
  /** On 127.0.0.1. */
  readonly port: number;
  visit(visitor: Visitor): Visit;
}

/**
 * Opens the gateway of a run.
 * @throws CloisterError `gateway_failed`, `credential_invalid`, `config_invalid`
 */
export async function openRunGateway(options: RunGatewayOptions): Promise<RunGateway> {
  const { choice, env, notify, state } = options;
  await using stack = new AsyncDisposableStack();
  const vault = stack.adopt(openVault(choice.sources, env), (opened) => opened.close());
  hideCredentialsFromProcess(choice.sources);
  const listeners: StopListeners = new Map();
  const gateway = stack.use(
    await createGateway({
      ...options,
      ...openBooks(options, stack),
      ...openRecorder(options.policy.record ? options.transcripts : undefined, { vault, notify }, stack),
      vault,
      write: (events) => write(options, events, listeners),
      onFailure: sayFailure(notify),
      observers: [...options.observers, noteUnpriced(notify)],
    }),
  );
  const open = stack.move();
  return {
    port: Number(new URL(gateway.url).port),
    visit({ onStop, ...visitor }) {
      const { token, end } = gateway.admit({ run: state().charter.run, ...visitor });
      listeners.set(visitor.iteration, onStop);
      return {
        env: redirectVariables(choice.providers, { url: gateway.url, token }),
        end: () => end().finally(() => listeners.delete(visitor.iteration)),
      };
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

type StopListeners = Map<number, Visitor["onStop"]>;

function write(
  { record, policy }: RunGatewayOptions,
  events: readonly RequestEvent[],
  listeners: Readonly<StopListeners>,
): ReturnType<WriteEvents> {
  const recorded = record(events);
  for (const event of events) {
    if (event.type === "request_refused" && event.reason === "budget") listeners.get(event.iteration)?.("budget");
    if (event.type === "request_flagged" && event.kind === "context_full" && policy.contextAction === "end")
      listeners.get(event.iteration)?.("context");
  }
  return recorded;
}

/** Budgets as they are at each request, and books that know what was spent before. */
function openBooks(
  options: RunGatewayOptions,
  stack: AsyncDisposableStack,
): Pick<GatewayOptions, "budgetsOf" | "book" | "periods"> {
  const { policy, state } = options;
  const budgetsOf: GatewayOptions["budgetsOf"] = (identity) =>
    budgetsFor(identity, {
      policy: policy.budgets,
      runLimits: state().charter.limits,
      period: periodOf(Date.now()),
    });
  const { run } = state().charter;
  const isPeriodLimited = budgetsOf({ run, task: "", iteration: 0 }).some(isPeriodBudget);
  return {
    budgetsOf,
    book: createRunBook(policy, state()),
    ...(isPeriodLimited ? { periods: openPeriods(options, stack) } : {}),
  };
}

function createRunBook({ budgets }: GatewayPolicy, { charter, cost, usage, tasks, open }: RunState): SpendBook {
  const book = createSpendBook(budgets.warnAt);
  const keysOf = (task: string): ReturnType<typeof runBudgetKeys> =>
    runBudgetKeys({ run: charter.run, task, iteration: 0 });
  book.seed(keysOf("").run, { cost, tokens: totalTokens(usage) });
  for (const { task, spent } of tasks) book.seed(keysOf(task.id).task, spent);
  if (open?.cost === undefined || open.usage === undefined) return book;
  const amount = { cost: open.cost, tokens: totalTokens(open.usage) };
  book.seed(keysOf("").run, amount);
  book.seed(keysOf(open.task).task, amount);
  return book;
}

/** The journal is right: what stands in the book of this run, from before a crash perhaps, is replaced by it. */
function openPeriods(
  { stateFolder, policy, state, entries }: RunGatewayOptions,
  stack: AsyncDisposableStack,
): PeriodBook {
  const book = openSharedBook(stateFolder, policy.budgets.warnAt, stack);
  book.rebuild(state().charter.run, spentByPeriodKey(foldLedger(entries()).rows, periodOf));
  return book;
}
