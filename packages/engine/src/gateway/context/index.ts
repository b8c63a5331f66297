export type { ContextReport } from "./context-size.ts";
export type { ContextObservatory } from "./create-context-watch.ts";
export { createContextWatch } from "./create-context-watch.ts";
