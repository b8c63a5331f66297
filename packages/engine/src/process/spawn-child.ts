import { type ChildProcess, spawn } from "node:child_process";
import { MARKER_VARIABLE } from "./marker.ts";
import type { ProcessSpec } from "./port.ts";

/**
 * Starts the child, as leader of a session and group of its own (P1), and feeds its standard input (P2).
 * @returns the child, or the system's word where it could not even be tried (`E2BIG`, `ENOTDIR`, a NUL in an argument, …).
 */
export function spawnChild(spec: ProcessSpec, marker: string): ChildProcess | { readonly error: string } {
  const env = { ...spec.env, [MARKER_VARIABLE]: marker };
  const [file, args] = spec.shell === undefined ? [spec.file ?? "", spec.args ?? []] : ["/bin/sh", ["-c", spec.shell]];
  const stdin = spec.stdin === undefined || spec.stdin === "empty" ? "ignore" : "pipe";
  try {
    const child = spawn(file, [...args], { cwd: spec.cwd, env, detached: true, stdio: [stdin, "pipe", "pipe"] });
    feedInput(child, spec);
    return child;
  } catch (error: unknown) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { error: code ?? message };
  }
}

function feedInput(child: ChildProcess, spec: ProcessSpec): void {
  child.stdin?.on("error", () => undefined); // EPIPE: it ended, or closed its input, without reading all of it.
  if (typeof spec.stdin === "object") child.stdin?.end(spec.stdin.text);
}
