export { createSafetyInspector } from "./create-safety-inspector.ts";
