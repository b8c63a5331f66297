/** Everything around the loop of one run, from its first step to its report. */
import type { RunState } from "@cloister/core";
import { createEvidenceStore } from "../evidence/store.ts";
import { chooseGateway, type GatewayChoice } from "../gateway/choose.ts";
import { withoutCredentials } from "../gateway/credentials/environment.ts";
import { withoutLinks } from "../machines/code/host-tree.ts";
import type { Journal } from "../journal/index.ts";
import { markerFor, startGuardian } from "../process/index.ts";
import { stampedEvents } from "../runs/read-run.ts";
import { startTelemetry, withoutCollectorHeaders } from "../telemetry/index.ts";
import { cleanEnvironment, openWorkTree } from "../vcs/index.ts";
import { cloisterVersion } from "./charter.ts";
import { closeGateway, openGateway, settleLost } from "./gateway.ts";
import { inMachine } from "./machine.ts";
import type { ResumeRequest, RunContext, RunSummary } from "./port.ts";
import { endUnprepared, runLoop } from "./run-loop.ts";
import { Session } from "./session.ts";
import { summarise } from "./summary.ts";

/** What a run is driven with. */
export type Drive = Pick<Session["parts"], "paths" | "planFile" | "leftAlone" | "agent"> & {
  readonly journal: Journal;
  readonly state: RunState;
  readonly resumed?: boolean;
};

/** Runs the loop to its end, with all that stands around it: gateway, telemetry, guardian; and writes the report. */
export async function drive(
  request: RunContext & Partial<ResumeRequest>,
  { state, resumed, journal, ...parts }: Drive,
): Promise<RunSummary> {
  const choice = chooseGateway({ policy: request.config.gateway, agent: parts.agent, env: request.env });
  const isApart = state.charter.machine !== undefined;
  const work = toWorkEnvironment(request.env, choice);
  const env = isApart ? withoutLinks(work) : work;
  const notify = request.notify ?? ((): void => undefined);
  const telemetry = await startTelemetry({ env: request.env, serviceVersion: cloisterVersion, onNotice: notify });
  const session = new Session(
    {
      ...parts,
      journal,
      env,
      evidence: createEvidenceStore(parts.paths.evidence),
      workTree: openWorkTree(state.charter.workspace, env),
      config: request.config,
      now: Date.now,
      notify,
      telemetry,
      onEvent: request.onEvent ?? (() => undefined),
    },
    state,
  );
  const stop = (): void => session.stopping.abort(request.signal?.reason);
  if (request.signal?.aborted === true) stop();
  request.signal?.addEventListener("abort", stop, { once: true });
  const guardian = startGuardian(markerFor(state.charter.run));
  try {
    if (resumed === true) {
      session.record({ type: "run_resumed", limits: request.limits ?? {} }, ...settleLost(session.state, Date.now()));
    }
    session.gateway = openGateway(session, choice, request.env);
    await inMachine(session, request.env, () => runLoop(session)).catch((error: unknown) =>
      endUnprepared(session, error),
    );
    const { paths } = session.parts;
    // Loaded here: a run does not wait for its report's code before it starts.
    const { writeReport } = await import("../report/index.ts");
    const written = await writeReport({
      events: stampedEvents(journal.read()),
      folder: paths.report,
      journalHash: journal.headHash,
      env,
    });
    return summarise(session.state, written.markdown);
  } finally {
    request.signal?.removeEventListener("abort", stop);
    await closeGateway(session);
    if (session.state.ended !== undefined) telemetry.endRun(session.state.charter.run, session.state.ended.reason);
    await telemetry.shutdown();
    await guardian.stop();
    session.flush();
    journal.close();
  }
}

/**
 * The environment of agents, gates and set-up: without the key of the user's collector, and where there is a gateway, without the
 * credentials of model providers, which it alone has.
 */
function toWorkEnvironment(
  env: Readonly<Record<string, string>>,
  choice: GatewayChoice | undefined,
): Record<string, string> {
  const clean = withoutCollectorHeaders(cleanEnvironment(env));
  return choice === undefined ? clean : withoutCredentials(clean, choice.sources);
}
