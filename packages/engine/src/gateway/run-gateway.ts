/** The gateway as a run has it: for its agent, on its budgets, into its journal. */
import {
  budgetsFor,
  CloisterError,
  createSpendBook,
  type RequestEvent,
  runBudgetKeys,
  type RunState,
  type TaskId,
  totalTokens,
} from "@cloister/core";
import type { AgentAdapter } from "../agents/port.ts";
import { createGateway } from "./create-gateway.ts";
import {
  findCredentialSources,
  hideCredentialsFromProcess,
  openVault,
  withoutCredentials,
} from "./credentials/index.ts";
import type { GatewayPolicy } from "./policy.ts";
import type { GatewayObserver, Recorder } from "./port.ts";
import { redirectVariables } from "./redirect.ts";
import { toPeriod } from "./period.ts";

/** What a run's gateway is made of. */
export type RunGatewayOptions = {
  readonly policy: GatewayPolicy;
  readonly agent: Pick<AgentAdapter, "title" | "providers">;
  readonly env: Readonly<Record<string, string>>;
  /** The run as it stands: limits may be raised, spending goes on. */
  readonly state: () => RunState;
  /** Writes to the run's journal; on disk when it returns. */
  readonly record: (events: readonly RequestEvent[]) => void;
  /** Lines for people. */
  readonly notify: (line: string) => void;
  readonly observers?: readonly GatewayObserver[];
  readonly recorder?: Recorder;
};

/** An iteration's stay behind the gateway. */
export interface Visit {
  /** The agent's environment: no credentials, and the gateway's address in place of the providers'. */
  readonly env: Readonly<Record<string, string>>;
  /** Revokes the token, and waits until every request is settled and written. */
  end(): Promise<void>;
}

/** Whom a visit is for. */
export type Visitor = {
  readonly task: TaskId;
  readonly iteration: number;
  readonly env: Readonly<Record<string, string>>;
  readonly traceparent?: string;
  /** Called when a request was refused because a budget is spent. May be called more than once. */
  readonly onSpent: () => void;
};

/** A run's gateway. */
export interface RunGateway extends AsyncDisposable {
  visit(visitor: Visitor): Visit;
}

/**
 * Opens the gateway of a run; undefined where its agent goes to its provider by itself, which is then said.
 * @throws CloisterError `agent_unavailable` where the policy wants every agent behind it and this one can't be.
 */
export async function openRunGateway(options: RunGatewayOptions): Promise<RunGateway | undefined> {
  const { policy, agent, env, notify } = options;
  if (policy.use === "never") return undefined;
  const sources = findCredentialSources(env, policy);
  const providers = agent.providers.filter((provider) => sources.some((source) => source.provider === provider));
  if (providers.length === 0) return passBy(options);
  const vault = await openVault(sources, env);
  hideCredentialsFromProcess(sources);
  const listeners = new Map<number, () => void>();
  const write = (events: readonly RequestEvent[]): void => {
    options.record(events);
    for (const event of events) {
      if (event.type === "request_refused" && event.reason === "budget") listeners.get(event.iteration)?.();
    }
  };
  const onFailure = (error: unknown): void =>
    notify(`The gateway could not write its ledger: ${error instanceof Error ? error.message : String(error)}.`);
  const gateway = await createGateway({ ...options, vault, ...createBudgets(options), write, onFailure });
  const clean = (visitor: Visitor): Record<string, string> => withoutCredentials(visitor.env, sources);
  return {
    visit(visitor) {
      const { task, iteration, traceparent, onSpent } = visitor;
      const trace = traceparent === undefined ? {} : { traceparent };
      const grant = gateway.admit({ run: options.state().charter.run, task, iteration, ...trace });
      listeners.set(iteration, onSpent);
      return {
        env: { ...clean(visitor), ...redirectVariables(providers, { url: gateway.url, token: grant.token }) },
        async end() {
          await grant.end();
          listeners.delete(iteration);
        },
      };
    },
    async [Symbol.asyncDispose]() {
      await gateway.close();
      vault.close();
    },
  };
}

/** @throws CloisterError `agent_unavailable` */
function passBy({ policy, agent: { title, providers } }: RunGatewayOptions): undefined {
  if (policy.use !== "always") return undefined;
  const message =
    providers.length === 0
      ? `${title} can't be sent through the gateway, and gateway.use is always.`
      : `No credential for ${title} was found that the gateway could use, and gateway.use is always.`;
  const remedy = providers.length === 0 ? "Choose another agent." : "See docs/gateway.md, Credentials.";
  throw new CloisterError({ code: "agent_unavailable", message, remedy });
}

/** Budgets as they are at each request, and a book that knows what was spent before. */
function createBudgets({
  policy,
  state,
}: RunGatewayOptions): Pick<Parameters<typeof createGateway>[0], "budgetsOf" | "book"> {
  const book = createSpendBook(policy.budgets.warnAt);
  const { charter, cost, usage, tasks, open } = state();
  const keysOf = (task: string): ReturnType<typeof runBudgetKeys> =>
    runBudgetKeys({ run: charter.run, task, iteration: 0 });
  book.seed(keysOf("").run, { cost, tokens: totalTokens(usage) });
  for (const { task, spent } of tasks) book.seed(keysOf(task.id).task, spent);
  if (open?.cost !== undefined) {
    const amount = { cost: open.cost, tokens: open.usage === undefined ? 0 : totalTokens(open.usage) };
    for (const key of [keysOf("").run, keysOf(open.task).task]) book.seed(key, amount);
  }
  return {
    book,
    budgetsOf: (identity) =>
      budgetsFor(identity, {
        policy: policy.budgets,
        runLimits: state().charter.limits,
        period: toPeriod(new Date()),
      }),
  };
}
