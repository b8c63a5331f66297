import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  type FSWatcher,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { z } from "zod";

/** What a person can tell a run. Kept in the run's inbox until the run takes it, whether or not it lives. */
export type Control =
  | { readonly type: "pause" }
  | { readonly type: "unpause" }
  /** Ends the run once what is under way was stopped and kept. */
  | { readonly type: "stop" }
  /** A remark for the next prompt; 8,000 characters at most. */
  | { readonly type: "steer"; readonly text: string };

const CONTROL: z.ZodType<Control> = z.discriminatedUnion("type", [
  z.object({ type: z.literal("pause") }),
  z.object({ type: z.literal("unpause") }),
  z.object({ type: z.literal("stop") }),
  z.object({ type: z.literal("steer"), text: z.string().min(1).max(8000) }),
]);

let sequence = 0;

/** Puts a control into the inbox; a run that lives takes it at once, one that does not at its resume. */
export function sendControl(inbox: string, control: Control, now: number): void {
  mkdirSync(inbox, { recursive: true });
  sequence += 1;
  const name = `${String(now).padStart(15, "0")}-${process.pid}-${String(sequence).padStart(6, "0")}`;
  const hidden = join(inbox, `.${name}`);
  writeFileSync(hidden, JSON.stringify(CONTROL.parse(control)));
  renameSync(hidden, join(inbox, `${name}.json`));
}

/** A control that waits in the inbox; `take` removes it, once its effect is in the journal. */
export type WaitingControl = { readonly control: Control; readonly take: () => void };

/** The controls that wait, the oldest first. Files that are not controls are removed. */
export function waitingControls(inbox: string): WaitingControl[] {
  return readdirSync(inbox)
    .filter((name) => name.endsWith(".json"))
    .sort()
    .flatMap((name) => {
      const path = join(inbox, name);
      const parsed = CONTROL.safeParse(parseJson(readFileSync(path, "utf8")));
      const take = (): void => rmSync(path, { force: true });
      if (!parsed.success) take();
      return parsed.success ? [{ control: parsed.data, take }] : [];
    });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // Not a control: the caller removes it.
  }
}

/** Calls `act` whenever something may have arrived. Dispose to stop. */
export function watchInbox(inbox: string, act: () => void): Disposable {
  mkdirSync(inbox, { recursive: true });
  const watcher: FSWatcher = watch(inbox, act);
  watcher.unref();
  watcher.on("error", () => undefined); // The folder went away: there is nothing left to hear.
  return { [Symbol.dispose]: () => watcher.close() };
}
