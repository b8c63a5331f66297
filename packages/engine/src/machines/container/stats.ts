import { z } from "zod";
import type { MachineStats } from "../port.ts";

/** The fields that podman and docker give; each has names of its own for them. */
const rowSchema = z.object({
  /** podman: such as `31.22ms`, `1m2.5s`. */
  cpu_time: z.string().max(64).optional(),
  /** podman: such as `745.5kB / 67.11MB`, in powers of 1000. */
  mem_usage: z.string().max(64).optional(),
  pids: z.coerce.number().optional(),
  /** docker: such as `1.5MiB / 2GiB`, in powers of 1024. */
  MemUsage: z.string().max(64).optional(),
  PIDs: z.coerce.number().optional(),
});

const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};

const UNIT_MS: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1000,
  ms: 1,
  us: 1e-3,
  µs: 1e-3,
  ns: 1e-6,
};

/** Reads what `podman stats --format json` (a list) or `docker stats --format json` (a line) prints of one container. */
export function parseStats(text: string): MachineStats {
  const [row = {}] = z.union([z.array(rowSchema), rowSchema.transform((row) => [row])]).parse(JSON.parse(text));
  const memoryKib = parseSize(row.mem_usage ?? row.MemUsage ?? "");
  const cpuMs = parseDuration(row.cpu_time ?? "");
  const processes = row.pids ?? row.PIDs;
  return {
    ...(cpuMs !== undefined && { cpuMs }),
    ...(memoryKib !== undefined && { memoryKib }),
    ...(processes !== undefined && { processes }),
  };
}

/** The first of the sizes in a text, in KiB. */
function parseSize(text: string): number | undefined {
  const [, number, unit = ""] = /^([\d.]+) ?([A-Za-z]+)/.exec(text) ?? [];
  const bytes = Number(number) * (UNIT_BYTES[unit] ?? Number.NaN);
  return Number.isFinite(bytes) ? Math.round(bytes / 1024) : undefined;
}

/** A duration as Go prints it, in ms. */
function parseDuration(text: string): number | undefined {
  const parts = [...text.matchAll(/([\d.]+)(h|ms|m|us|µs|ns|s)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, number, unit = ""]) => sum + Number(number) * (UNIT_MS[unit] ?? 0), 0);
}
