export { renderHtml } from "./render-html.ts";
export { renderMarkdown } from "./render-markdown.ts";
export type { ReportRequest, WrittenReport } from "./write-report.ts";
export { measureReport, writeReport } from "./write-report.ts";
