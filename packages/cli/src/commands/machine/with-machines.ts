import { type MachineManager, openMachines } from "@cloister/engine/machines";
import type { Terminal } from "../../terminal/terminal.ts";

/** Opens the user's machines for as long as `act` takes. */
export async function withMachines<Result>(
  { env }: Terminal,
  act: (machines: MachineManager) => Promise<Result>,
): Promise<Result> {
  using machines = openMachines(env);
  return await act(machines);
}
