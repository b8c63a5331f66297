import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Libvirt } from "./virsh.ts";

/** The last event may come after the answer to the command that brought it about. */
const LATE_MS = 1000;

/** What a machine did while it was watched. */
export type PauseWatch = AsyncDisposable & {
  /** How long the machine stood still, in ms; undefined where that was not seen. */
  readonly pausedMs: () => Promise<number | undefined>;
};

/** Watches when libvirt suspends and resumes a domain, by libvirt's own clock. */
export async function watchPause({ uri, env }: Libvirt, domain: string): Promise<PauseWatch> {
  const args = ["--connect", uri, "event", "--domain", domain, "--event", "lifecycle", "--loop", "--timestamp"];
  const child = spawn("virsh", args, { env, stdio: ["ignore", "pipe", "ignore"] });
  await once(child, "spawn");
  const exited = once(child, "exit");
  const pause = Promise.withResolvers<number | undefined>();
  let suspended: number | undefined;
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = parseEvent(line);
    if (event?.kind === "Suspended") suspended ??= event.time;
    if (event?.kind === "Resumed" && suspended !== undefined) pause.resolve(event.time - suspended);
  });
  return {
    pausedMs: async () => {
      const timer = setTimeout(() => pause.resolve(undefined), LATE_MS);
      return pause.promise.finally(() => clearTimeout(timer));
    },
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await exited;
    },
  };
}

/** Reads a line such as `2026-01-31 08:56:20.201+0000: event 'lifecycle' for domain 'x': Suspended Paused`. @returns its time in ms */
export function parseEvent(line: string): { readonly kind: string; readonly time: number } | undefined {
  const found = /^(\S{10}) (\S{12})\+0000: event 'lifecycle' for domain '[^']*': (\w+)/.exec(line);
  if (found === null) return undefined;
  const [, day, clock, kind = ""] = found;
  return { kind, time: Date.parse(`${day}T${clock}Z`) };
}
