import { resolve } from "node:path";
import { type BudgetLimits, EXIT_CODES } from "@cloister/core";
import { cloisterVersion, loadConfig } from "@cloister/engine";
import { startStandaloneGateway, type StandaloneOptions } from "@cloister/engine/gateway";
import type { GatewayCommandOptions } from "../definitions/gateway.ts";
import type { CommandHandler } from "../program/command-definition.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { createGatewayView } from "./gateway-view.ts";
import { findRoot } from "./open-run.ts";
import { catchSignals } from "./stop-signals.ts";

/** `cloister gateway`: serves until it is interrupted. */
export const gateway: CommandHandler<GatewayCommandOptions> = async ({ options }, terminal) => {
  const view = createGatewayView(terminal, options);
  using signals = catchSignals({
    onStop: () => view.notify("stopping; what is under way is cut off and settled"),
    onImpatience: () => process.exit(EXIT_CODES.interrupted),
  });
  const { env, home } = terminal;
  const { values } = loadConfig({ repository: await findRoot(terminal), env, home });
  const { notify, onRow } = view;
  const started = await startStandaloneGateway({
    ...toStart(options, terminal),
    policy: values.gateway,
    notify,
    onRow,
  });
  view.begin(started);
  await untilAborted(signals.signal);
  await started.end();
  view.end(started);
  return 0;
};

function toStart(
  options: GatewayCommandOptions,
  { env, cwd }: Terminal,
): Omit<StandaloneOptions, "policy" | "notify" | "onRow"> {
  const { port, statusPort, resume, record, replay } = options;
  return {
    env,
    version: cloisterVersion,
    limits: toLimits(options),
    ...(port === undefined ? {} : { port }),
    ...(statusPort === undefined ? {} : { statusPort }),
    ...(resume === undefined ? {} : { resume }),
    ...(record === undefined ? {} : { record: resolve(cwd, record) }),
    ...(replay === undefined ? {} : { replay: resolve(cwd, replay) }),
  };
}

function toLimits({ maxCost, maxTokens }: GatewayCommandOptions): BudgetLimits {
  return { ...(maxCost === undefined ? {} : { maxCost }), ...(maxTokens === undefined ? {} : { maxTokens }) };
}

async function untilAborted(signal: AbortSignal): Promise<void> {
  const { promise, resolve: done } = Promise.withResolvers<void>();
  signal.addEventListener("abort", () => done(), { once: true });
  if (signal.aborted) done();
  await promise;
}
