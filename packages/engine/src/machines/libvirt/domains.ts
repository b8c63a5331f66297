/** Machines as libvirt knows them: transient domains, of which nothing is left once they have ended. */
import { CloisterError } from "@cloister/core";
import type { MachineState } from "../port.ts";
import { type Libvirt, runVirsh } from "./virsh.ts";

/** libvirt ends a process that does not end by itself after 15 s. */
const END_MS = 40_000;

/** The name of a machine's domain. */
export function domainName(id: string): string {
  return `cloister-${id}`;
}

/** What each machine is doing, by id; others are stopped or gone. */
export async function listMachines(libvirt: Libvirt): Promise<ReadonlyMap<string, MachineState>> {
  const { stdout } = await runVirsh(libvirt, ["list", "--all"]);
  return parseList(stdout);
}

/** Reads the table that `virsh list --all` prints: number, name, state. Domains of others are passed over. */
export function parseList(table: string): ReadonlyMap<string, MachineState> {
  const rows = table.matchAll(/^\s*(?:\d+|-)\s+cloister-([a-z0-9]{12})\s+(\S.*?)\s*$/gm);
  return new Map(Array.from(rows, ([, id = "", state = ""]) => [id, toMachineState(state)]));
}

/** Ends a machine's process. Idempotent. @throws CloisterError `machine_failed` where it stays */
export async function endDomain(libvirt: Libvirt, id: string): Promise<void> {
  const { stderr } = await runVirsh(libvirt, ["destroy", domainName(id)], { timeLimitMs: END_MS, allow: [1] });
  if (((await listMachines(libvirt)).get(id) ?? "stopped") === "stopped") return;
  throw new CloisterError({ code: "machine_failed", message: `Machine ${id} did not end: ${stderr.trim()}` });
}

/** virsh: `list`. */
function toMachineState(state: string): MachineState {
  if (state === "paused" || state === "pmsuspended") return "paused";
  return state === "shut off" || state === "crashed" ? "stopped" : "running";
}
