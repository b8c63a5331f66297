import type { Brand } from "./brand.ts";

/** Names one run; sortable by start time. Safe as a file and branch name. */
export type RunId = Brand<string, "RunId">;
/** Names one task within its plan. Taken from the plan, or made from the task's place in it. */
export type TaskId = Brand<string, "TaskId">;
/** A dense position in the journal, from 1. */
export type Position = Brand<number, "Position">;

const RUN_ID = /^[a-z0-9][a-z0-9-]{0,63}$/;

/** The run id in `text`, or undefined where it is not one (lower case letters, digits and dashes, 64 at most). */
export function parseRunId(text: string): RunId | undefined {
  return RUN_ID.test(text) ? (text as RunId) : undefined;
}

/** Marks `text` as a task's id. Plans are parsed at the edge; inside, ids are trusted. */
export function taskId(text: string): TaskId {
  return text as TaskId;
}

/** Marks `value` as a journal position. */
export function position(value: number): Position {
  return value as Position;
}
