import { V8_POOL_OPTION } from "@cloister/vm/v8-pool";

const [NAME] = V8_POOL_OPTION.split("=") as [string];

/**
 * Replaces this process by one with the V8 threads that a machine wants, unless it has them, or the user has chosen otherwise. It takes
 * as long as Node takes to start, some 25 ms; a boot gets back several times that. To be called before anything is read or opened.
 */
export function ensureV8Pool(): void {
  const { execArgv, execPath, argv, env } = process;
  if ([...execArgv, env["NODE_OPTIONS"] ?? ""].some((option) => option.includes(NAME))) return;
  process.execve?.(execPath, [execPath, V8_POOL_OPTION, ...execArgv, ...argv.slice(1)], env);
}
