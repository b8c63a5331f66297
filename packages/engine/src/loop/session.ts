/**
 * A run in progress: its state, its journal, and what it needs of the world. All change goes through `record`: the journal first,
 * then the state, then whoever listens (I5).
 */
import {
  evolve,
  type AgentEvent,
  type LoopPolicy,
  type RunEvent,
  type RunState,
  type StampedEvent,
  type Task,
} from "@cloister/core";
import type { AgentAdapter } from "../agents/port.ts";
import type { Config } from "../config/config.ts";
import type { EvidenceStore } from "../evidence/store.ts";
import type { Journal } from "../journal/index.ts";
import type { StartProcess } from "../process/port.ts";
import { markerFor } from "../process/index.ts";
import type { RunPaths } from "../runs/run-store.ts";
import type { WorkTree } from "../vcs/index.ts";
import type { OnEvent } from "./port.ts";
import type { PlanFile } from "./plan-file.ts";

/** Reported events of an agent are written at the latest after this time, or in the same transaction as the next decision. */
const FLUSH_MS = 200;
const FLUSH_COUNT = 256;

/** What a session is made of. */
export type SessionParts = {
  readonly paths: RunPaths;
  readonly journal: Journal;
  readonly evidence: EvidenceStore;
  readonly workTree: WorkTree;
  readonly agent: AgentAdapter;
  readonly config: Config;
  readonly env: Readonly<Record<string, string>>;
  readonly startProcess: StartProcess;
  readonly planFile: PlanFile;
  /** Untracked files of the user in an in-place run: never committed, restored or removed. */
  readonly leftAlone: readonly string[];
  /** ms since the epoch. */
  readonly now: () => number;
  readonly notify: (line: string) => void;
  readonly onEvent: OnEvent;
};

/** A run in progress. */
export class Session {
  readonly parts: SessionParts;
  #state: RunState;
  #reported: StampedEvent[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  /** Aborted when the run must stop now: a person, a signal, or the run's time limit. */
  readonly stopping: AbortController = new AbortController();

  constructor(parts: SessionParts, state: RunState) {
    this.parts = parts;
    this.#state = state;
  }

  get state(): RunState {
    return this.#state;
  }

  get policy(): LoopPolicy {
    return this.#state.charter.policy;
  }

  get stopped(): boolean {
    return this.stopping.signal.aborted;
  }

  /** Writes events to the journal, in one transaction that is on disk when this returns, and applies them. */
  record(...events: readonly RunEvent[]): void {
    const time = this.parts.now();
    this.#write([...this.#takeReported(), ...events.map((event) => ({ time, event }))]);
  }

  /** Notes what an agent says. Written soon, and never after a later event. */
  report(iteration: number, event: AgentEvent): void {
    this.#reported.push({ time: this.parts.now(), event: { type: "agent_reported", iteration, event } });
    if (this.#reported.length >= FLUSH_COUNT) this.flush();
    else this.#flushTimer ??= setTimeout(() => this.flush(), FLUSH_MS);
  }

  /** Writes what is only noted. */
  flush(): void {
    this.#write(this.#takeReported());
  }

  #takeReported(): StampedEvent[] {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const taken = this.#reported;
    this.#reported = [];
    return taken;
  }

  #write(stamped: readonly StampedEvent[]): void {
    if (stamped.length === 0) return;
    const { journal, onEvent } = this.parts;
    const before = journal.length;
    journal.append(
      stamped.map(({ time, event: { type, ...data } }) => ({ type, time, data })),
      { expected: before },
    );
    for (const [index, event] of stamped.entries()) {
      this.#state = evolve(this.#state, event);
      onEvent(event, before + index + 1);
    }
  }

  /** Marks every process of iteration `iteration`; what is not of an iteration is number 0. */
  marker(iteration: number): string {
    return markerFor(this.#state.charter.run, iteration);
  }

  /** The task that the open iteration works on. */
  get openTask(): Task | undefined {
    const { open, tasks } = this.#state;
    return tasks.find(({ task }) => task.id === open?.task)?.task;
  }
}
