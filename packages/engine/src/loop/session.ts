/**
 * A run in progress: its state, its journal, and what it needs of the world. All change goes through `record`: the journal first,
 * then the state, then whoever listens (I5). What follows by itself may go through `conclude`.
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
import type { RunGateway } from "../gateway/run-gateway.ts";
import type { Journal } from "../journal/index.ts";
import type { RunMachine } from "../machines/run/port.ts";
import { createHostRunMachine } from "../machines/run/host-machine.ts";
import { markerFor } from "../process/index.ts";
import type { RunPaths } from "../runs/run-store.ts";
import type { Telemetry } from "../telemetry/index.ts";
import type { WorkTree } from "../vcs/index.ts";
import type { OnEvent } from "./port.ts";
import type { PlanFile } from "./plan-file.ts";

/** What is only noted is written at the latest after this time, or in the same transaction as the next record. */
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
  /** Of Cloister's own git, and of agents, gates and set-up that run on the host. Without the model providers' credentials where there is a gateway. */
  readonly env: Readonly<Record<string, string>>;
  readonly planFile: PlanFile;
  /** Untracked files of the user in an in-place run: never committed, restored or removed. */
  readonly leftAlone: readonly string[];
  /** ms since the epoch. */
  readonly now: () => number;
  readonly notify: (line: string) => void;
  readonly onEvent: OnEvent;
  readonly telemetry: Telemetry;
};

/** An event that is not in the journal yet, and whether the state holds it. */
type PendingEvent = StampedEvent & { readonly applied: boolean };

/** A run in progress. */
export class Session {
  readonly parts: SessionParts;
  #state: RunState;
  #pending: PendingEvent[] = [];
  #flushTimer: NodeJS.Timeout | undefined;
  /** The door to the model providers, where the agent can be sent through it. Set before the loop starts. */
  gateway: Promise<RunGateway | undefined> = Promise.resolve(undefined);
  /** Where agents, gates and set-up run. */
  machine: RunMachine;
  /** Aborted when the run must stop now: a person, a signal, or the run's time limit. */
  readonly stopping: AbortController = new AbortController();

  constructor(parts: SessionParts, state: RunState) {
    this.parts = parts;
    this.machine = createHostRunMachine(parts.env);
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
    this.#note(events, { applied: false });
    this.flush();
  }

  /**
   * Writes and applies events as {@link record} does, without holding this thread up: they are on disk when the promise resolves, and
   * nothing outside may be done upon them before.
   */
  recordSoon(...events: readonly RunEvent[]): Promise<void> {
    this.#note(events, { applied: false });
    this.flush({ durable: false });
    return this.parts.journal.sync();
  }

  /**
   * Applies what follows from the journal and the workspace alone, such as a verdict. It is on disk with the next record, before
   * anything is done upon it; a crash before that loses nothing, since it follows again. Each record waits for the disk: this does not.
   */
  conclude(...events: readonly RunEvent[]): void {
    if (this.#pending.some(({ applied }) => !applied)) this.flush();
    for (const noted of this.#note(events, { applied: true })) this.#state = evolve(this.#state, noted);
  }

  /** Notes what an agent says. Written soon, and never after a later event. */
  report(iteration: number, event: AgentEvent): void {
    this.#note([{ type: "agent_reported", iteration, event }], { applied: false });
    if (this.#pending.length >= FLUSH_COUNT) this.flush();
  }

  /** Writes what is only noted. @param options `durable`: as {@link Journal.append} has it. */
  flush({ durable = true }: { readonly durable?: boolean } = {}): void {
    clearTimeout(this.#flushTimer);
    this.#flushTimer = undefined;
    const pending = this.#pending;
    this.#pending = [];
    this.#write(pending, durable);
  }

  #note(events: readonly RunEvent[], { applied }: { readonly applied: boolean }): readonly PendingEvent[] {
    const time = this.parts.now();
    const noted = events.map((event) => ({ time, event, applied }));
    this.#pending.push(...noted);
    this.#flushTimer ??= setTimeout(() => this.flush(), FLUSH_MS);
    return noted;
  }

  #write(pending: readonly PendingEvent[], durable: boolean): void {
    if (pending.length === 0) return;
    const { journal, onEvent } = this.parts;
    const before = journal.length;
    journal.append(
      pending.map(({ time, event: { type, ...data } }) => ({ type, time, data })),
      { expected: before, durable },
    );
    for (const [index, { applied, ...stamped }] of pending.entries()) {
      if (!applied) this.#state = evolve(this.#state, stamped);
      onEvent(stamped, before + index + 1);
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
