import type { MachineState } from "../port.ts";
import { type EngineContext, runEngine } from "./engine.ts";
import { containerName } from "./names.ts";

/** What a machine's container is doing. Rejects where the engine does not answer. */
export async function containerState(context: EngineContext, id: string): Promise<MachineState> {
  const args = ["ps", "--all", "--filter", `name=^${containerName(id)}$`, "--quiet"];
  const { stdout } = await runEngine(context, args);
  if (stdout.trim() === "") return "missing";
  const answer = await runEngine(context, ["container", "inspect", "--format", "{{.State.Status}}", containerName(id)]);
  return toState(answer.stdout.trim());
}

/** `created`, `configured`, `exited`, `dead` and the like: nothing of it runs. */
function toState(status: string): MachineState {
  return status === "running" || status === "paused" ? status : "stopped";
}
