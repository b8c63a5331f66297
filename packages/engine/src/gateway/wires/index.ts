export { findWire } from "./find-wire.ts";
