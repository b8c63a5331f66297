import { setTimeout as delay } from "node:timers/promises";
import { CloisterError } from "@cloister/core";
import { guestProgram } from "../guest/program.ts";
import type { DriverProbe } from "../port.ts";
import { runTool } from "../tool/index.ts";
import { type Engine, type EngineProgram, programsOf } from "./engine.ts";
import { rememberedFinding, rememberFinding } from "./remembered-finding.ts";
import { type Trial, tryEngine } from "./try-engine.ts";
import { type Way, waysOf } from "./ways.ts";

/** A probe's answer, with the engine where one works. */
export type EngineFinding = { readonly probe: DriverProbe; readonly engine?: Engine };

/** What a search for an engine stands on. */
export type EngineSearch = {
  readonly env: Readonly<Record<string, string>>;
  /** Where what is made once is kept. */
  readonly cache: string;
  /** For all that is tried with all programs, in ms. */
  readonly timeLimitMs: number;
};

const REMEDY = "Install podman (or docker and start its engine), or choose another driver.";

/** Finds the engine that works here by running the guest agent in a container of it, each way after the other. Never throws. */
export async function findEngine(search: EngineSearch): Promise<EngineFinding> {
  const end = performance.now() + search.timeLimitMs;
  const failures: string[] = [];
  try {
    const guest = await guestInTime(search);
    for (const program of programsOf(search.env)) {
      if (performance.now() >= end) {
        failures.push(`There was no time left to try ${program}.`);
        break;
      }
      const finding = await tryProgram(program, { ...search, guest, end });
      if (typeof finding !== "string") return finding;
      failures.push(finding);
    }
  } catch (error: unknown) {
    failures.push(describe(error));
  }
  return { probe: { usable: false, acceleration: "native", reason: failures.join(" "), remedy: REMEDY } };
}

/** The first time it is compiled, which goes on where it takes longer than a probe may. */
async function guestInTime({ cache, timeLimitMs }: EngineSearch): Promise<string> {
  const compiled = guestProgram({ architecture: process.arch, cache });
  compiled.catch(() => undefined); // It rejects where it is awaited.
  const timer = new AbortController();
  const late = delay(timeLimitMs, undefined, { signal: timer.signal }).catch(() => undefined); // It was not late.
  const guest = await Promise.race([compiled, late]);
  timer.abort();
  if (guest !== undefined) return guest;
  throw new CloisterError({
    code: "machine_unavailable",
    message: "The guest agent is still being compiled.",
    remedy: "Ask again in a few seconds.",
  });
}

/** @returns the finding, or a sentence on why the program does not work here */
async function tryProgram(program: EngineProgram, trial: Trial): Promise<EngineFinding | string> {
  const version = await versionOf(program, trial);
  if (version === undefined) return `${program} is not installed.`;
  const runtime = trial.env["CLOISTER_CONTAINER_RUNTIME"];
  const key = `${program} ${version} ${runtime ?? ""}`;
  const remembered = rememberedFinding(trial.cache, key);
  if (remembered !== undefined && (await whyNot(remembered.engine, trial)) === undefined)
    return found(version, remembered);
  let failed: { readonly way: Way; readonly why: string } | undefined;
  for (const way of waysOf(program, runtime)) {
    const why = await whyNot(way.engine, trial);
    if (why === undefined) {
      const instead = failed === undefined ? "." : `; not ${failed.way.name}: ${failed.why}`;
      const reason = `${program} ${version} runs containers ${way.name}${instead}`;
      rememberFinding(trial.cache, key, { engine: way.engine, reason });
      return found(version, { engine: way.engine, reason });
    }
    failed = { way, why };
  }
  return `${program} ${version} is installed, but can't run a container: ${failed?.why ?? ""}`;
}

function found(version: string, { engine, reason }: { engine: Engine; reason: string }): EngineFinding {
  return { engine, probe: { usable: true, acceleration: "native", reason, version } };
}

async function versionOf(program: EngineProgram, { env, end }: Trial): Promise<string | undefined> {
  try {
    const { stdout } = await runTool(program, ["--version"], {
      env,
      timeLimitMs: Math.max(1, end - performance.now()),
    });
    return /\d[\w.+-]{0,40}/.exec(stdout)?.[0] ?? "of unknown version";
  } catch (error: unknown) {
    if (CloisterError.isInstance(error) && error.code === "machine_unavailable") return undefined;
    throw error;
  }
}

async function whyNot(engine: Engine, trial: Trial): Promise<string | undefined> {
  try {
    await tryEngine(engine, trial);
    return undefined;
  } catch (error: unknown) {
    return describe(error);
  }
}

function describe(error: unknown): string {
  return CloisterError.isInstance(error) ? error.describe() : String(error);
}
