import { join } from "node:path";
import type { LaunchRequest } from "../port.ts";

/** The ways in which an agent claims its task. */
export const CLAIMS: RegExp = /TASK_COMPLETE|<promise>COMPLETE<\/promise>/;

/** A request to test with, but for what `changes` says. */
export function toRequest(changes: Partial<LaunchRequest> = {}): LaunchRequest {
  return {
    prompt: "Do what the plan says.",
    promptFile: join("/", "iteration", "prompt.md"),
    workspace: join("/", "iteration", "workspace"),
    scratch: join("/", "iteration", "scratch"),
    env: { PATH: "/usr/bin:/bin", HOME: "/home/user" },
    asRoot: false,
    ...changes,
  };
}
