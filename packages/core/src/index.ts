export type { AgentCapabilities, AgentName, AgentStatus } from "./agent/capabilities.ts";
export { AGENT_NAMES } from "./agent/capabilities.ts";
export type { AgentEvent, FailureClass, TokenUsage } from "./agent/agent-event.ts";
export { addUsage, FAILURE_CLASSES, NO_USAGE, totalTokens } from "./agent/agent-event.ts";
export type { Brand } from "./brand.ts";
export { describeDuration, parseDuration } from "./duration.ts";
export type { ErrorCode, ErrorDetails } from "./errors.ts";
export { assertNever, CloisterError } from "./errors.ts";
export type { Finding, FindingName } from "./gate/finding.ts";
export { FINDING_NAMES } from "./gate/finding.ts";
export type {
  EvidenceRef,
  GateOutcome,
  GateResult,
  InconclusiveReason,
  JudgedGate,
  TestResults,
  TestStatus,
  Verdict,
} from "./gate/result.ts";
export type { Position, RunId, TaskId } from "./ids.ts";
export { parseRunId, position, taskId } from "./ids.ts";
export type { MicroUsd } from "./money.ts";
export { addMoney, describeMoney, fromUsd, toUsd } from "./money.ts";
export type {
  FindingAction,
  GateSpec,
  GuardPolicy,
  Phase,
  Plan,
  PlanFormat,
  RunLimits,
  Task,
  TaskLimits,
} from "./plan/plan.ts";
export { DEFAULT_GATE_TIMEOUT_MS, DEFAULT_PHASES, PHASES, PLAN_FORMATS } from "./plan/plan.ts";
export { readyTasks } from "./plan/order.ts";
export { findCycle } from "./plan/task-graph.ts";
export type { PlanProblem } from "./plan/validate-plan.ts";
export { MAX_TASKS, validatePlan } from "./plan/validate-plan.ts";
export type {
  AgentOutcome,
  BaselineGate,
  BlockReason,
  DiffStat,
  IterationVerdict,
  MarkCounts,
  ObservedChange,
  Rejection,
  RunCharter,
  RunEvent,
  RunEventType,
  StampedEvent,
} from "./run/event.ts";
export { CLAIM_LINE, isClaim, PROMISE } from "./run/claim.ts";
export { closeIteration, gatesOf } from "./run/decide.ts";
export type { EndReason } from "./run/end-reason.ts";
export { describeEndReason, EXIT_CODES, USAGE_EXIT_CODE } from "./run/end-reason.ts";
export { evolve, replay } from "./run/evolve.ts";
export type { Step } from "./run/next-step.ts";
export { describeOverspend, nextStep } from "./run/next-step.ts";
export type { IterationFailure, LoopPolicy, RetryRule } from "./run/policy.ts";
export { DEFAULT_LOOP_POLICY } from "./run/policy.ts";
export type { BreakerState, ClosedIteration, OpenIteration, RunState, TaskState, TaskStatus } from "./run/state.ts";
export { runtimeMs, taskState } from "./run/state.ts";
export { isGreen, judgeIteration } from "./run/verdict.ts";
export type { PromptBudget, PromptMaterial } from "./prompt/compose.ts";
export { composePrompt, DEFAULT_PROMPT_BUDGET, describeRejection } from "./prompt/compose.ts";
export { excerpt } from "./prompt/excerpt.ts";
export { compareGateTests, compareTests, newTests } from "./gate/compare-tests.ts";
export type { GateJudgement } from "./gate/judge.ts";
export { describeGate, gatesProve, judgeGate } from "./gate/judge.ts";
export { blocking, DEFAULT_GUARD_POLICY } from "./gate/policy.ts";
export { findRemovedTests } from "./gate/removed-tests.ts";
export { executedTests, failingTests, namesEveryTest } from "./gate/test-results.ts";
export { buildReport } from "./report/build-report.ts";
export type { Evidence, Fact } from "./report/fact.ts";
export { toEvidence } from "./report/fact.ts";
export type {
  AgentClaim,
  CitedEvent,
  CostFacts,
  CostSource,
  GateCell,
  GateRow,
  IterationRow,
  Measurements,
  PhaseProgress,
  PositionedEvent,
  Report,
  TaskRow,
  TestCounts,
} from "./report/model.ts";
export { describeCount } from "./report/count.ts";
export { toPlainLine, toPlainText } from "./report/plain-text.ts";
export { describeDiff } from "./report/summary.ts";
export { RunScript, scriptCharter, scriptTask } from "./report/testing/run-script.ts";
export type { Acceleration, DriverName, Isolation } from "./machine/driver.ts";
export { DRIVER_NAMES } from "./machine/driver.ts";
export type { DensityPlan } from "./machine/density.ts";
export { planDensity } from "./machine/density.ts";
export type { DriverAppetite, HostRoom } from "./machine/density-room.ts";
export { DRIVER_APPETITES, machineNeed, roomForMachines } from "./machine/density-room.ts";
export type { EgressTarget, EgressVerdict } from "./machine/egress.ts";
export {
  coversTarget,
  decideEgress,
  describeEgressRule,
  parseEgressAuthority,
  parseEgressRule,
  parseEgressTarget,
} from "./machine/egress.ts";
export type { EgressRule, MachineChoice, MachineLimits, MachinePolicy, Mount, SecretRule } from "./machine/policy.ts";
export { DEFAULT_MACHINE_LIMITS, DEFAULT_MACHINE_POLICY } from "./machine/policy.ts";
export type { StaleMachine } from "./machine/registry.ts";
export { EMPTY_REGISTRY, evolveRegistry, findStaleMachines } from "./machine/registry.ts";
export type {
  MachineCharter,
  MachineEvent,
  MachineOperation,
  MachineRegistry,
  OperationUnderWay,
  ProcessName,
  RegisteredMachine,
  RegisteredSnapshot,
} from "./machine/registry-event.ts";
export type { Admission, BudgetStanding } from "./spend/admission.ts";
export { judgeAdmission } from "./spend/admission.ts";
export { addAmount, assertAmount } from "./spend/amount.ts";
export type { SpendBook } from "./spend/book.ts";
export { createSpendBook } from "./spend/book.ts";
export type { Budget, BudgetLimits, BudgetPolicy, BudgetScope } from "./spend/budget.ts";
export { BUDGET_SCOPES } from "./spend/budget.ts";
export type { LimitKind } from "./spend/budget-limits.ts";
export type { BudgetContext, Period, SpendIdentity } from "./spend/budgets-for.ts";
export { runBudgetKeys, budgetsFor, isPeriodBudget } from "./spend/budgets-for.ts";
export type { PastRun, PlanEstimate } from "./spend/estimate.ts";
export { describeEstimate, estimatePlan } from "./spend/estimate.ts";
export type { Ledger, LedgerEntry, OpenReservation } from "./spend/ledger.ts";
export { foldLedger, lostSettlement } from "./spend/ledger.ts";
export type { LedgerRow } from "./spend/ledger-row.ts";
export type {
  Amount,
  Completeness,
  PriceSource,
  Provider,
  RefusalReason,
  RequestEvent,
  RequestSignal,
  Wire,
} from "./spend/request-event.ts";
export { NO_AMOUNT, PROVIDERS, WIRES } from "./spend/request-event.ts";
export { spentByPeriodKey, spentByRunKey } from "./spend/spent-by-key.ts";
export type { BudgetCrossing, WarnedLimits } from "./spend/warning.ts";
export { findCrossings, NOT_WARNED, recordWarnings } from "./spend/warning.ts";
