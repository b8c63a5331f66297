import { spawn } from "node:child_process";
import { once } from "node:events";
import { GUARDIAN_SCRIPT } from "./guardian-script.ts";
import { checkMarker, MARKER_VARIABLE } from "./marker.ts";

/** How long it gets to end when dismissed. */
const STOP_MS = 1000;

/** A process that outlives this one, to end what this one would leave behind. */
export type Guardian = {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Dismisses it: it ends, and ends nobody. Idempotent; settles when it is gone. */
  stop(): Promise<void>;
};

/**
 * Starts a guardian for a run. When this process ends in any way, `kill -9` included, without having called `stop`, the guardian ends every process
 * with the run's marker, and all that descend from one: TERM, KILL after 1 to 2 s, until none is left, for 10 s at most.
 * It is a shell of about 1 MB that waits without using the processor, in a session of its own, and does not keep this process from ending.
 * @param marker what `markerFor` returns for the run.
 */
export function startGuardian(marker: string): Guardian {
  const args = ["-c", GUARDIAN_SCRIPT, "cloister-guardian", MARKER_VARIABLE, checkMarker(marker)];
  // A bare environment: without the marker, which would make it its own victim, and without the user's secrets.
  const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin" };
  const child = spawn("/bin/sh", args, { cwd: "/", env, detached: true, stdio: ["pipe", "ignore", "ignore"] });
  const gone = once(child, "close").catch(() => undefined); // It could not be started: then there is nothing to wait for.
  child.stdin.on("error", () => undefined); // EPIPE: it has ended already.
  child.unref();
  const stop = async (): Promise<void> => {
    child.ref(); // Whoever waits for its end must not end before.
    child.stdin.end("stop\n");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await gone;
    clearTimeout(timer);
  };
  return { pid: child.pid, stop };
}
