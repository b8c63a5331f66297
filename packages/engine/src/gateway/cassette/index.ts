export type { RecordedChunk, RecordedExchange } from "./exchange.ts";
export type { Pace } from "./play-exchange.ts";
export type { ReadOptions } from "./read-cassette.ts";
export { findCassettes } from "./read-cassette.ts";
export type { CassetteRecorder, RecorderOptions } from "./recorder.ts";
export { createRecorder } from "./recorder.ts";
export type { ReplayOptions, ReplayServer } from "./replay-server.ts";
export { startReplayServer } from "./replay-server.ts";
