/**
 * How a machine's process is steered: a request and an answer, a line of JSON each, over a Unix socket of the machine's owner alone.
 * Both ends are Cloister's own, of one version or of two: what comes is checked all the same.
 */
import { z } from "zod";

/** Names of files in the machine's folder. */
export const FILES = {
  /** What the process was last started with. */
  launch: "embedded-launch.json",
  /** What the process itself says. */
  log: "embedded.log",
} as const;

/** Name of the control socket, in the machine's socket folder. */
export const CONTROL_SOCKET = "control";

/** Longest line, in bytes. */
export const LINE_BYTES = 65_536;

const stateFile = z.string().startsWith("/");
const layer = z.string().regex(/^layer-[0-9a-f]{12}\.qcow2$/);

/** What a machine's process is started with. */
export type LaunchRecord = {
  readonly socketFolder: string;
  readonly memoryMib: number;
  /** The disk's last layer, in the machine's folder. */
  readonly layer: string;
  /** Absolute path of the saved memory and devices to go on from; left out: it boots. */
  readonly state?: string | undefined;
};

/** Checks what a process reads of its start. */
export const launchSchema: z.ZodType<LaunchRecord> = z.object({
  socketFolder: z.string().startsWith("/"),
  memoryMib: z.int().positive(),
  layer,
  state: stateFile.optional(),
});

/** What a machine's process can be asked. */
export type ControlRequest =
  | { readonly do: "state" | "await_guest" | "pause" | "resume" | "stats" | "stop" }
  /** Holds the disk: writes go to `layer` from then on. Where `state` is given, memory and devices are saved to that file. */
  | { readonly do: "snapshot"; readonly layer: string; readonly state?: string | undefined };

/** Checks a request. */
export const requestSchema: z.ZodType<ControlRequest> = z.discriminatedUnion("do", [
  z.object({ do: z.enum(["state", "await_guest", "pause", "resume", "stats", "stop"]) }),
  z.object({ do: z.literal("snapshot"), layer, state: stateFile.optional() }),
]);

/** What a process answers. */
export const answerSchema: z.ZodType<{ readonly value: unknown } | { readonly error: string }> = z.union([
  z.object({ error: z.string() }),
  z.object({ value: z.unknown() }),
]);
