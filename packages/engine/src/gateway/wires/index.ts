export { findWire, WIRE_ADAPTERS } from "./find-wire.ts";
