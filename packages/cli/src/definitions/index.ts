import type { AnyCommand } from "../program/command-definition.ts";
import { GATEWAY } from "./gateway.ts";
import { IMAGE } from "./image.ts";
import { MACHINE } from "./machine.ts";
import { RESUME, RUN } from "./running.ts";
import { AGENTS, COMPLETION, CONFIG, DEMO, DOCTOR, INIT, TESTKIT } from "./setting-up.ts";
import { VM } from "./vm.ts";
import { AUDIT, LOGS, PAUSE, REPORT, STATUS, STEER, STOP } from "./watching.ts";

/** Every command of `cloister`, in the order of the help. */
export const COMMANDS: readonly AnyCommand[] = [
  DEMO,
  INIT,
  RUN,
  RESUME,
  STATUS,
  LOGS,
  PAUSE,
  STOP,
  STEER,
  REPORT,
  AUDIT,
  GATEWAY,
  MACHINE,
  IMAGE,
  VM,
  AGENTS,
  DOCTOR,
  CONFIG,
  COMPLETION,
  TESTKIT,
];
