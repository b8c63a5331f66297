import { SYSTEM_BLOCK, type NamedDigest, type PromptPrint, type ToolPrint } from "./prompt-print.ts";

/** Characters of a name that a sentence shows. */
const MAX_NAME = 60;

/**
 * Says what ended the prefix that two requests of a conversation share, in the order in which providers cache: model, tools, system
 * prompt, settings, messages. Undefined where the cache still holds. The last message of `before` may differ: agents put
 * reminders there that are gone in the next request, so it was never part of the prefix.
 */
export function describeBreak(before: PromptPrint, after: PromptPrint): string | undefined {
  if (before.model !== after.model) return `model changed from ${toName(before.model)} to ${toName(after.model)}`;
  return (
    describeTools(before.tools, after.tools) ??
    describeSystem(before, after) ??
    describeSettings(before.settings, after.settings) ??
    describeMessages(before, after)
  );
}

/** Tells whether two prompts with the same opening belong to one conversation, rather than to a side task such as a title. */
export function isContinued(before: PromptPrint, after: PromptPrint): boolean {
  if (before.opening !== after.opening || (before.tools.length === 0) !== (after.tools.length === 0)) return false;
  const isHistoryShared = before.messages.length > 1 && before.messages[1] === after.messages[1];
  return isHistoryShared || hasSameSystem(before, after) || (before.tools.length > 0 && hasSameTools(before, after));
}

/** How much two prompts have in common, to choose between conversations that could both be continued. */
export function similarity(before: PromptPrint, after: PromptPrint): number {
  const isSame = [before.model === after.model, hasSameSystem(before, after), hasSameTools(before, after)];
  return isSame.filter(Boolean).length * 1e6 + firstDifference(before.messages, after.messages);
}

function hasSameSystem(before: PromptPrint, after: PromptPrint): boolean {
  return before.system === after.system || before.system.join() === after.system.join();
}

function hasSameTools(before: PromptPrint, after: PromptPrint): boolean {
  return describeTools(before.tools, after.tools) === undefined;
}

function describeTools(before: readonly ToolPrint[], after: readonly ToolPrint[]): string | undefined {
  if (before === after) return undefined;
  const at = firstDifference(toDigests(before), toDigests(after));
  const [old, fresh] = [before[at], after[at]];
  if (old === undefined && fresh === undefined) return undefined;
  if (fresh !== undefined && old?.name === fresh.name) return `tools changed: ${describeParts(old, fresh)}`;
  if (fresh !== undefined && !before.some(({ name }) => name === fresh.name))
    return `tools changed: tool ${toName(fresh.name)} was added`;
  if (old !== undefined && !after.some(({ name }) => name === old.name))
    return `tools changed: tool ${toName(old.name)} was removed`;
  return "tools changed: their order";
}

function describeParts(old: ToolPrint, fresh: ToolPrint): string {
  const part = findChanged(old.parts, fresh.parts);
  const name = `tool ${toName(fresh.name)}`;
  return part === undefined ? name : `${name}'s ${toName(part)}`;
}

function describeSystem(before: PromptPrint, after: PromptPrint): string | undefined {
  if (before.system === after.system) return undefined;
  const block = firstDifference(before.system, after.system);
  if (block >= Math.max(before.system.length, after.system.length)) return undefined;
  const from = block * SYSTEM_BLOCK;
  return `system prompt changed between characters ${from + 1} and ${from + SYSTEM_BLOCK}`;
}

function describeSettings(before: readonly NamedDigest[], after: readonly NamedDigest[]): string | undefined {
  const name = findChanged(before, after);
  return name === undefined ? undefined : `${toName(name)} changed`;
}

function describeMessages(before: PromptPrint, after: PromptPrint): string | undefined {
  const at = firstDifference(before.messages, after.messages);
  const isOver = at >= after.messages.length || at >= before.messages.length - 1;
  return isOver ? undefined : `message ${after.firstMessage + at + 1} changed`;
}

function findChanged(before: readonly NamedDigest[], after: readonly NamedDigest[]): string | undefined {
  const isSame = (part: NamedDigest | undefined, other: NamedDigest | undefined): boolean =>
    part?.name === other?.name && part?.digest === other?.digest;
  const length = Math.max(before.length, after.length);
  for (let at = 0; at < length; at += 1) if (!isSame(before[at], after[at])) return (after[at] ?? before[at])?.name;
  return undefined;
}

function toDigests(tools: readonly ToolPrint[]): readonly string[] {
  return tools.map(({ digest }) => digest);
}

/** The first index at which two lists differ; the length of the shorter one where it is the start of the other. */
function firstDifference(left: readonly string[], right: readonly string[]): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) if (left[index] !== right[index]) return index;
  return length;
}

/** A name out of a request, safe to show: whatever is not usual in names is left out. */
function toName(name: string): string {
  return name.slice(0, MAX_NAME).replaceAll(/[^\w.:/@ -]/g, "") || "without a name";
}
