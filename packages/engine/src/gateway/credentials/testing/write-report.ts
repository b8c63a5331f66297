/**
 * A Cloister in small, for a byte search over its crash report: opens a vault, uses each credential, hides the environment, and writes the
 * report. Usage: node write-report.ts FILE. Prints what programs that it starts see of its environment.
 */
import { execFileSync } from "node:child_process";
import { findCredentialSources, hideCredentialsFromProcess, openVault } from "../index.ts";

const sources = findCredentialSources(process.env, {
  credentials: [{ provider: "openai", kind: "bearer", from: { type: "env", name: "TEAM_KEY" } }],
});
const vault = openVault(sources, process.env);
if (process.env["HIDE"] === "yes") hideCredentialsFromProcess(sources);
for (const provider of ["anthropic", "openai", "gemini"] as const) {
  for (const credential of vault.credentials(provider)) await credential.headers();
}
process.report.writeReport(process.argv[2] ?? "", new Error("something broke"));
process.stdout.write(execFileSync("env", { encoding: "utf8" }));
