import { type BudgetLimits, createSpendBook, type Provider, type SpendBook } from "@cloister/core";
import { stateHome } from "../../workspace/worktree.ts";
import { createRunId } from "../../runs/run-store.ts";
import { PROMETHEUS_CONTENT_TYPE, startTelemetry, type Telemetry } from "../../telemetry/index.ts";
import { createGateway, type Gateway } from "../create-gateway.ts";
import type { PeriodBook } from "../money/index.ts";
import { openRecorder, openSharedBook, sayFailure } from "../open-fittings.ts";
import { noteUnpriced } from "../note-unpriced.ts";
import type { GatewayPolicy } from "../policy.ts";
import { openGatewayJournal } from "./gateway-journal.ts";
import { GatewaySession } from "./gateway-session.ts";
import { gatewayPlace, type LedgerPlace, listGateways, selectPlace } from "./ledger-place.ts";
import { type FoundCredential, openOrigin, type Origin } from "./open-origin.ts";
import type { GatewayTotals, OnRow } from "./request-history.ts";
import { describeStatus } from "./status-report.ts";
import { startStatusServer } from "./status-server.ts";

/** How a gateway is started alone. */
export type StandaloneOptions = {
  readonly policy: GatewayPolicy;
  /** The caller's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Cloister's. */
  readonly version: string;
  readonly limits: BudgetLimits;
  /** Goes on with a gateway: `true` for the newest, else its id or the start of it. */
  readonly resume?: true | string;
  /** 0, or left out: any free port. */
  readonly port?: number;
  readonly statusPort?: number;
  /** Absolute path of the folder that cassettes are recorded into. */
  readonly record?: string;
  /** Absolute path of a folder with cassettes that are played in place of the providers. */
  readonly replay?: string;
  readonly onRow: OnRow;
  /** Takes lines for people. */
  readonly notify: (line: string) => void;
};

/** A gateway that serves by itself. */
export interface StandaloneGateway {
  /** The name of its ledger. */
  readonly id: string;
  /** `http://127.0.0.1:<port>`. Clients of OpenAI's wires add `/v1`. */
  readonly url: string;
  readonly token: string;
  /** Address of the status page. */
  readonly status: string;
  readonly providers: readonly Provider[];
  readonly credentials: readonly FoundCredential[];
  /** The limits that hold: those given, over those of the gateway that it goes on with. */
  readonly limits: BudgetLimits;
  readonly totals: GatewayTotals;
  /** Cuts what is under way off, settles it, and stops listening. Called once. */
  end(): Promise<void>;
}

/**
 * Starts a gateway that any tool can use, with a ledger of its own and a status page.
 * @throws CloisterError `credential_invalid`, `usage_invalid`, `run_not_found`, `run_busy`, `gateway_failed`, `journal_damaged`
 */
export async function startStandaloneGateway(options: StandaloneOptions): Promise<StandaloneGateway> {
  await using stack = new AsyncDisposableStack();
  const place = choosePlace(options);
  const origin = await openOrigin(options, stack);
  const telemetry = await openTelemetry(options, stack);
  const book = createSpendBook(origin.policy.budgets.warnAt);
  const periods = openPeriods(options, stack);
  // Nothing comes in before the session is there: no token is out yet, and from here to there nothing waits but for the ports.
  const gateway = stack.use(
    await openGateway(options, { origin, telemetry, book, periods, session: () => session, stack }),
  );
  const status = await startStatusServer({
    port: options.statusPort ?? 0,
    report: () =>
      describeStatus({ ...options, credentials: origin.found, session, gateway, startedAt, now: Date.now() }),
    metrics: { type: PROMETHEUS_CONTENT_TYPE, render: () => telemetry.renderPrometheus() },
  });
  stack.defer(() => status.close());
  const startedAt = Date.now();
  const journal = stack.use(openGatewayJournal({ ...options, place, time: startedAt }));
  const session = new GatewaySession({
    id: place.id,
    ...origin,
    journal,
    book,
    periods,
    onRow: options.onRow,
    now: Date.now,
  });
  const { token } = gateway.admit(session.identity);
  const held = stack.move();
  return {
    id: place.id,
    url: gateway.url,
    token,
    status: status.url,
    providers: gateway.providers,
    credentials: origin.found,
    limits: journal.limits,
    get totals() {
      return session.history.totals;
    },
    async end() {
      await using _closed = held;
      await gateway.close();
      journal.append([{ type: "gateway_ended" }], Date.now());
    },
  };
}

function choosePlace({ env, resume }: StandaloneOptions): LedgerPlace {
  if (resume === undefined) return gatewayPlace(env, createRunId(new Date(), Math.random));
  return selectPlace(listGateways(env), resume === true ? undefined : resume);
}

async function openTelemetry(
  { env, version, notify }: StandaloneOptions,
  stack: AsyncDisposableStack,
): Promise<Telemetry> {
  const telemetry = await startTelemetry({ env, serviceVersion: version, prometheus: true, onNotice: notify });
  stack.defer(() => telemetry.shutdown());
  return telemetry;
}

/** The book that all of the user's runs and gateways share, where the policy limits days or months. */
function openPeriods({ env, policy }: StandaloneOptions, stack: AsyncDisposableStack): PeriodBook | undefined {
  const { limits, warnAt } = policy.budgets;
  if (limits.day === undefined && limits.month === undefined) return undefined;
  return openSharedBook(stateHome(env), warnAt, stack);
}

type GatewayParts = {
  readonly origin: Origin;
  readonly telemetry: Telemetry;
  readonly book: SpendBook;
  readonly periods: PeriodBook | undefined;
  readonly session: () => GatewaySession;
  readonly stack: AsyncDisposableStack;
};

async function openGateway(
  { record, port = 0, notify }: StandaloneOptions,
  { origin, telemetry, book, periods, session, stack }: GatewayParts,
): Promise<Gateway> {
  return createGateway({
    ...origin,
    port,
    budgetsOf: () => session().budgets(),
    book,
    ...(periods === undefined ? {} : { periods }),
    write: (events) => session().write(events),
    onFailure: sayFailure(notify),
    observers: [telemetry.gatewayObserver, noteUnpriced(notify)],
    ...openRecorder(record, { vault: origin.vault, notify }, stack),
  });
}
