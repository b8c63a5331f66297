import type { TokenCounts } from "../token-counts.ts";

/** Why a mock agent fails. Each agent says it in its own words and exits with its own status. */
export const MOCK_FAILURES = [
  "rate_limit",
  "overloaded",
  "network",
  "auth",
  "budget",
  "context_overflow",
  "crash",
] as const;
export type MockFailureName = (typeof MOCK_FAILURES)[number];

/** One thing that a mock agent does. */
export type Step =
  /** Says a whole message of the assistant. */
  | { readonly type: "message"; readonly text: string }
  | { readonly type: "thought"; readonly text: string }
  /** Says a message that ends with the token by which a task is claimed. */
  | { readonly type: "claim"; readonly text: string; readonly token: "line" | "promise" }
  /** Runs a command with `/bin/sh` in the working directory, for real, and tells of it as of a tool call. */
  | { readonly type: "shell"; readonly command: string }
  /** Tells of a tool call that did not happen. */
  | {
      readonly type: "tool";
      readonly tool: string;
      readonly input: Readonly<Record<string, unknown>>;
      readonly result: string;
      readonly ok: boolean;
    }
  /** Adds to what the session has used. */
  | { readonly type: "usage"; readonly tokens: Partial<TokenCounts>; readonly costUsd: number }
  /** Says that it tries again by itself, as after an error of the provider. */
  | { readonly type: "retry"; readonly failure: MockFailureName; readonly message?: string; readonly delayMs: number }
  /** Says that it failed, and exits as the real one does. */
  | {
      readonly type: "fail";
      readonly failure: MockFailureName;
      readonly message?: string;
      /** When the limit lifts, told where the agent tells it. */
      readonly resetInSeconds?: number;
    }
  /** Says its last word (the result event). What follows happens after it. */
  | { readonly type: "finish" }
  /** Exits at once, without another word. */
  | { readonly type: "exit"; readonly code: number }
  /** Ends itself by a signal. */
  | { readonly type: "signal"; readonly signal: "SIGKILL" | "SIGTERM" | "SIGSEGV" }
  | { readonly type: "sleep"; readonly ms: number }
  /** Does nothing until it is stopped; gives up after ten minutes. */
  | { readonly type: "hang" }
  /** From now on, TERM, INT and HUP do nothing. */
  | { readonly type: "ignore_signals" }
  /** Starts a child in its own group that holds standard output open. */
  | { readonly type: "grandchild"; readonly seconds: number }
  /** Starts a child in a session and group of its own that ignores TERM; it can also lose its environment. */
  | { readonly type: "escapee"; readonly seconds: number; readonly clearEnvironment: boolean }
  /** Prints bytes as they are. */
  | {
      readonly type: "print";
      readonly text: string;
      readonly encoding: "utf8" | "base64";
      readonly to: "stdout" | "stderr";
    }
  /** Prints one line of so many MiB: valid JSON of a type that no agent knows. */
  | { readonly type: "long_line"; readonly megabytes: number }
  /** Reads standard input to its end, and says it as a message. */
  | { readonly type: "echo_stdin" };

/** What a mock agent does, call by call. */
export type Scenario = {
  readonly description: string;
  /** Says neither that it starts nor that it ends. */
  readonly silent: boolean;
  /** The steps of the first call, the second, …; the last ones for every later call. */
  readonly calls: readonly (readonly Step[])[];
};
