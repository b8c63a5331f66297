import type { AgentCapabilities, AgentEvent, AgentName, AgentStatus, FailureClass, Provider } from "@cloister/core";

/** What an iteration asks of an agent. */
export type LaunchRequest = {
  readonly prompt: string;
  /** Absolute path of a file that holds the same prompt. */
  readonly promptFile: string;
  /** Absolute path of the folder to work in: the process's working directory. */
  readonly workspace: string;
  /** Absolute path of an empty folder for this iteration alone, for configuration files that the agent wants. Outside the workspace. */
  readonly scratch: string;
  /** The environment that the process would get; `launch` may add to it. */
  readonly env: Readonly<Record<string, string>>;
  /** Model to use; undefined: the agent's own default. */
  readonly model?: string;
  /** Replaces the agent's program: a shell-like command line (`--agent-command`). The adapter appends its arguments. */
  readonly command?: string;
  /** True where the process will run as root (some agents refuse, or want to be told that they are sandboxed). */
  readonly asRoot: boolean;
};

/** How to start the agent's process. */
export type Launch = {
  readonly file: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** `prompt`: the prompt on standard input. `empty`: nothing. `open`: `converse` writes. */
  readonly stdin: "prompt" | "empty" | "open";
  /** Files to write before the start: absolute path to content. Below `scratch` only. */
  readonly files?: Readonly<Record<string, string>>;
};

/** The process as its adapter sees it. */
export type AgentIo = {
  readonly request: LaunchRequest;
  /** Standard output. Hostile: any bytes, any length. */
  readonly output: AsyncIterable<Uint8Array>;
  /** Writes to standard input (`stdin: "open"` only). Never rejects. */
  readonly write: (text: string) => Promise<void>;
  readonly closeInput: () => void;
};

/** How the process ended, for {@link AgentAdapter.classify}. */
export type AgentExit = {
  readonly code: number | null;
  readonly signal: string | null;
  /** The last 8 KiB of standard error. */
  readonly stderrTail: string;
  /** The last 8 KiB of text that the agent printed, where it is plain text. */
  readonly stdoutTail: string;
};

/** What a failed exit means. */
export type Failure = { readonly failure: FailureClass; readonly message: string; readonly resetAt?: number };

/**
 * The adapter to one coding agent. Pure but for `probe`: it says what to start and what the output means; the engine starts,
 * limits and stops the process.
 */
export interface AgentAdapter {
  readonly name: AgentName;
  /** What people call it. */
  readonly title: string;
  readonly capabilities: AgentCapabilities;
  /**
   * Providers whose requests it sends where the usual variables say (`ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL`, `GOOGLE_GEMINI_BASE_URL`
   * and their keys): it can be put behind the gateway. Empty: it can't.
   */
  readonly providers: readonly Provider[];
  /** Sentences on what this agent can't do and what follows from it, for `cloister agents` and reports. */
  readonly limitations: readonly string[];
  /**
   * Finds out whether the agent is installed and logged in, within 3 s. Reads version and login files; prints and sends nothing.
   * Contract: never throws.
   */
  probe(env: Readonly<Record<string, string>>, command?: string): Promise<AgentStatus>;
  /** Contract: pure, throws nothing. */
  launch(request: LaunchRequest): Launch;
  /**
   * Turns the process's output into events, as they come. Ends when the output does, or after `finished`.
   * Contract: never throws on any bytes; bounded memory (a line is at most {@link MAX_LINE_BYTES}).
   */
  converse(io: AgentIo): AsyncGenerator<AgentEvent, void, void>;
  /** What a non-zero exit, or an exit without `finished`, means. Undefined: nothing known, a crash. */
  classify?(exit: AgentExit): Failure | undefined;
}

/** Longer lines of an agent's output are dropped and reported as `unreadable`. */
export const MAX_LINE_BYTES: number = 4 * 1024 * 1024;
