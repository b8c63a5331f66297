export type { PlanText } from "./read-plan.ts";
export { MAX_PLAN_BYTES, promptPlan, readPlan, readPlanFile, readPlanText } from "./read-plan.ts";
export type { DoneMark } from "./mark-done.ts";
export { markDone } from "./mark-done.ts";
export { planSchema } from "./plan-schema.ts";
export { planTemplate } from "./plan-template.ts";
