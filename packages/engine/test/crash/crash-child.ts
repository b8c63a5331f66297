/**
 * A Cloister process that can be made to die: `node crash-child.ts start|resume FOLDER [EVENT]` runs the plan of FOLDER, or goes on
 * with it, and kills itself with SIGKILL once event number EVENT of this process is in the journal. Prints the summary.
 */
import { loadConfig } from "../../src/config/index.ts";
import type { RunContext } from "../../src/loop/port.ts";
import { resumeRun, startRun } from "../../src/loop/start-run.ts";

const [mode, folder = "", crashAt = "0"] = process.argv.slice(2);
process.env["CRASH_PID"] = String(process.pid); // The git that stands before the real one kills this process.
const env = Object.fromEntries(Object.entries(process.env).map(([name, value]) => [name, value ?? ""]));
const { values } = loadConfig({
  repository: folder,
  env,
  home: env["HOME"] ?? "",
  flags: { agent: "claude", agentCommand: env["CRASH_AGENT"] ?? "", limits: { maxIterations: 10 } },
});

let events = 0;
const context: RunContext = {
  folder,
  env,
  config: values,
  onEvent: () => {
    events += 1;
    if (events === Number(crashAt)) process.kill(process.pid, "SIGKILL");
  },
};
const gates = [{ name: "done", command: "test -f done.txt", required: true }];
const summary =
  mode === "start"
    ? await startRun({ ...context, plan: { file: `${folder}/plan.md` }, gates })
    : await resumeRun({ ...context, limits: {} });
process.stdout.write(JSON.stringify({ ...summary, events }));
