import { readdirSync } from "node:fs";
import type { MachineSpec, MachineStats } from "../port.ts";
import { diskKib } from "../virtual/layers.ts";
import { domainName } from "./domains.ts";
import { type Libvirt, runVirsh } from "./virsh.ts";

const NANOSECONDS_PER_MS = 1e6;

/** What a machine uses, by libvirt's figures and the size of its files. */
export async function statsOf(libvirt: Libvirt, { id, folder }: MachineSpec): Promise<MachineStats> {
  const written = readdirSync(folder).filter((file) => /^(?:layer|state)-|\.log(?:\.\d+)?$/.test(file));
  // Not `--cpu-total`: for that libvirt looks over every emulator of the host first, which takes seconds.
  const wanted = ["domstats", "--raw", "--vcpu", "--balloon", domainName(id)];
  // It answers with 1 where the machine does not run.
  const { stdout } = await runVirsh(libvirt, wanted, { allow: [1] });
  return { ...parseStats(stdout), diskKib: diskKib(folder, written) };
}

/**
 * Reads what `virsh domstats --raw` prints: the time of the machine's processors, and all memory that its process has. What that shares with
 * others is counted in full: libvirt knows no other figure.
 */
export function parseStats(text: string): MachineStats {
  const cpu = figures(text, /^\s*vcpu\.\d+\.time=(\d+)$/gm);
  const memory = figures(text, /^\s*balloon\.rss=(\d+)$/gm);
  return {
    ...(cpu.length > 0 && { cpuMs: cpu.reduce((sum, time) => sum + time, 0) / NANOSECONDS_PER_MS }),
    ...(memory[0] !== undefined && { memoryKib: memory[0] }),
  };
}

function figures(text: string, pattern: RegExp): readonly number[] {
  return Array.from(text.matchAll(pattern), ([, value]) => Number(value));
}
