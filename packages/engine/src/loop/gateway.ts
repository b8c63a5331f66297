/** Where the loop meets the gateway. */
import { lostSettlement, type RunEvent, type RunState } from "@cloister/core";
import type { GatewayChoice } from "../gateway/choose.ts";
import type { RunGateway } from "../gateway/run-gateway.ts";
import { ledgerEntries } from "../gateway/standalone/read-ledger.ts";
import { stateHome } from "../workspace/worktree.ts";
import type { Session } from "./session.ts";

/**
 * Begins to open the run's gateway: it is there when the first agent is started, and a run without one does not wait.
 * @param env the caller's environment, credentials included.
 */
export function openGateway(
  session: Session,
  choice: GatewayChoice | undefined,
  env: Readonly<Record<string, string>>,
): Promise<RunGateway | undefined> {
  if (choice === undefined) return Promise.resolve(undefined);
  const opening = open(session, choice, env);
  opening.catch(() => undefined); // Said by whoever awaits it: an iteration that can't do without.
  return opening;
}

async function open(
  session: Session,
  choice: GatewayChoice,
  env: Readonly<Record<string, string>>,
): Promise<RunGateway> {
  const { config, journal, notify, paths, telemetry } = session.parts;
  // Loaded here: a run whose agent needs no gateway does not load its code.
  const { openRunGateway } = await import("../gateway/run-gateway.ts");
  return await openRunGateway({
    policy: config.gateway,
    choice,
    env,
    state: () => session.state,
    entries: () => ledgerEntries(session.state.charter.run, journal.read()),
    record: (events) => session.recordSoon(...events),
    notify,
    observers: [telemetry.gatewayObserver],
    transcripts: paths.transcripts,
    stateFolder: stateHome(env),
  });
}

/** Cuts off what is left, and closes the door. */
export async function closeGateway(session: Session): Promise<void> {
  const gateway = await session.gateway.catch(() => undefined);
  await gateway?.[Symbol.asyncDispose]();
}

/** Settles requests that had left when the run died: nobody saw what they came to, so what was promised is charged. */
export function settleLost({ reserved, charter, open }: RunState, time: number): RunEvent[] {
  const whose = { time, run: charter.run, task: open?.task ?? "" };
  return Object.values(reserved).map((event) => lostSettlement({ ...whose, event }, time));
}
