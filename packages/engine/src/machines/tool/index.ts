/** Runs the tools behind drivers: command lines to their end, and processes that carry a guest agent's bytes. */
export { homeOf } from "./home.ts";
export type { RemoteFacts, RunThere } from "./install-guest.ts";
export { installGuest, remoteFactsSchema } from "./install-guest.ts";
export { processTransport } from "./process-transport.ts";
export { readRecord, removeRecord, writeRecord } from "./record.ts";
export type { ToolAnswer, ToolOptions } from "./run-tool.ts";
export { runTool } from "./run-tool.ts";
export { takeTurn } from "./take-turn.ts";
