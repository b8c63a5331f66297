export type { AuditRequest } from "./audit-report.ts";
export { auditReport } from "./audit-report.ts";
export type { AuditedClaim, AuditEvidence, AuditResult, AuditVerdict, ClaimKind } from "./claim.ts";
export type { RunJournal } from "./journal-view.ts";
export { auditExitCode, describeAudit, renderAudit } from "./render-audit.ts";
