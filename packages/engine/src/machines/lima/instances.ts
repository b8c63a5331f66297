import { z } from "zod";
import type { MachineState } from "../port.ts";

/** An instance of Lima: the part of its description that is used. */
export type LimaInstance = {
  readonly name: string;
  /** `Running`, `Stopped`, `Broken`, `Uninitialized`, `Installing`, or empty. */
  readonly status: string;
  readonly dir?: string | undefined;
  readonly message?: string | undefined;
};

const instanceSchema: z.ZodType<LimaInstance> = z.object({
  name: z.string().max(256),
  status: z.string().max(64),
  dir: z.string().max(4096).optional(),
  message: z.string().max(10_000).optional(),
});

/** Reads what `limactl list --format json` prints. @throws {Error} where it is something else */
export function parseInstances(text: string): readonly LimaInstance[] {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.map((line) => instanceSchema.parse(JSON.parse(line)));
}

/** A machine's state by Lima's word for it. A broken instance is one that `limactl start` mends or that can but be deleted. */
export function toMachineState(instance: LimaInstance | undefined): MachineState {
  if (instance === undefined) return "missing";
  return instance.status === "Running" ? "running" : "stopped";
}

/** The instance of a machine. */
export function instanceName(id: string): string {
  return `cloister-${id}`;
}

/** Marks the instances of one home of Cloister. @param home as `homeOf` names it */
export function instanceMessage(home: string): string {
  return `A machine of Cloister (${home}).`;
}

/** Ids of the machines of a home among instances. */
export function idsAmong(instances: readonly LimaInstance[], home: string): readonly string[] {
  const mine = instances.filter(({ message }) => message?.trim() === instanceMessage(home));
  return mine.flatMap(({ name }) => /^cloister-([a-z0-9]{12})$/.exec(name)?.[1] ?? []);
}
