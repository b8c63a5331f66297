/** Where the loop meets the gateway. */
import { lostSettlement, type RunEvent, type RunState } from "@cloister/core";
import type { RunGateway } from "../gateway/run-gateway.ts";
import type { Session } from "./session.ts";

/** Begins to open the run's gateway: it is there when the first agent is started, and a run without one does not wait. */
export function openGateway(session: Session): Promise<RunGateway | undefined> {
  const { agent, config, env, notify } = session.parts;
  const opening = open();
  opening.catch(() => undefined); // Said by whoever awaits it: an iteration that can't do without.
  return opening;

  async function open(): Promise<RunGateway | undefined> {
    if (agent.providers.length === 0 && config.gateway.use !== "always") return undefined;
    // Loaded here: a run whose agent needs no gateway does not load its code.
    const { openRunGateway } = await import("../gateway/run-gateway.ts");
    return await openRunGateway({
      policy: config.gateway,
      agent,
      env,
      state: () => session.state,
      record: (events) => session.record(...events),
      notify,
    });
  }
}

/** Cuts off what is left, and closes the door. */
export async function closeGateway(session: Session): Promise<void> {
  const gateway = await session.gateway.catch(() => undefined);
  await gateway?.[Symbol.asyncDispose]();
}

/** Settles requests that had left when the run died: nobody saw what they came to, so what was promised is charged. */
export function settleLost({ reserved, charter, tasks, open }: RunState, time: number): RunEvent[] {
  const task = open?.task ?? tasks[0]?.task.id ?? "";
  return Object.values(reserved).map((event) => lostSettlement({ time, run: charter.run, task, event }, time));
}
