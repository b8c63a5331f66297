/** Options by the kind of their value, with the checks that belong to it. */
import { InvalidArgumentError } from "commander";
import type { DriverName, EgressRule, GateSpec, MicroUsd, Mount } from "@cloister/core";
import { DRIVER_NAMES, fromUsd, parseDuration, parseEgressRule } from "@cloister/core";
import type { Completes, OptionDefinition } from "./command-definition.ts";

type Extras = { readonly short?: string; readonly completes?: Completes };
/** An option whose value may be left out is `true` then. */
type Optional = Extras & { readonly optional: true };

/** The rule for names of gates in plans: 80 characters at most, none of them `=` or a control character. */
const GATE_NAME = /^[^=\p{Cc}]{1,80}$/u;

/** An option that is there or not. */
export function flag(help: string, extras: Extras = {}): OptionDefinition<boolean> {
  return { help, ...extras };
}

/** An option with any text as its value; the empty text is refused. */
export function text(placeholder: string, help: string, extras?: Extras): OptionDefinition<string>;
export function text(placeholder: string, help: string, extras: Optional): OptionDefinition<string | true>;
export function text(placeholder: string, help: string, extras: Extras = {}): OptionDefinition<string> {
  return { placeholder, help, parse: parseText, completes: "nothing", ...extras };
}

/** An option with any text as its value, repeatable. */
export function texts(placeholder: string, help: string, completes: Completes): OptionDefinition<readonly string[]> {
  return { placeholder, help: `${help}; may be given several times`, repeatable: true, parse: parseText, completes };
}

/** An option whose value is one of `values`. */
export function choice<Value extends string>(
  placeholder: string,
  values: readonly Value[],
  help: string,
): OptionDefinition<Value> {
  const parse = (given: string): Value => {
    const found = values.find((value) => value === given);
    return found ?? refuse(`Expected one of ${values.join(", ")}.`);
  };
  return { placeholder, help: `${help} (${values.join(", ")})`, parse, completes: values };
}

/** An option with a whole number of at least `minimum` as its value. */
export function integer(placeholder: string, help: string, minimum: number): OptionDefinition<number> {
  return { placeholder, help, parse: (given) => parseInteger(given, minimum), completes: "nothing" };
}

/** An option with a time as its value; in milliseconds. */
export function duration(help: string): OptionDefinition<number> {
  return { placeholder: "duration", help, parse: parsePositiveDuration, completes: ["10m", "30m", "1h", "4h"] };
}

/** An option with an amount of US dollars as its value. */
export function money(help: string): OptionDefinition<MicroUsd> {
  return { placeholder: "usd", help, parse: parseMoney, completes: ["1", "5", "20"] };
}

/** An option with a number above zero as its value. */
export function quantity(placeholder: string, help: string): OptionDefinition<number> {
  return { placeholder, help, parse: parseQuantity, completes: "nothing" };
}

/** An option that names a host and port, repeatable. */
export function hosts(help: string): OptionDefinition<readonly EgressRule[]> {
  return { placeholder: "host:port", help, repeatable: true, parse: parseHost, completes: "nothing" };
}

/** An option that names a folder of this host for a machine, repeatable. */
export function mounts(help: string): OptionDefinition<readonly Mount[]> {
  return { placeholder: "from[:to][:rw]", help, repeatable: true, parse: parseMount, completes: "files" };
}

/** An option that names a machine's driver, and perhaps what it starts from. */
export function machine(help: string): OptionDefinition<MachineWish> {
  return { placeholder: "driver[:image]", help, parse: parseMachine, completes: DRIVER_NAMES };
}

/** What `--machine` takes. */
export type MachineWish = { readonly driver: DriverName; readonly image?: string };

/** An option that names a gate, repeatable. */
export function gates(help: string): OptionDefinition<readonly GateSpec[]> {
  return { placeholder: "name=command", help, repeatable: true, parse: parseGate, completes: "nothing" };
}

function parseText(given: string): string {
  return given.trim() === "" ? refuse("Expected some text.") : given;
}

function parseInteger(given: string, minimum: number): number {
  const value = Number(given);
  const valid = /^\d{1,15}$/.test(given) && value >= minimum;
  return valid ? value : refuse(`Expected a whole number, ${minimum} or more.`);
}

function parsePositiveDuration(given: string): number {
  const milliseconds = parseDuration(given);
  if (milliseconds !== undefined && milliseconds > 0 && Number.isFinite(milliseconds)) return milliseconds;
  return refuse("Expected a time above zero, such as 90s, 30m or 1h30m.");
}

function parseMoney(given: string): MicroUsd {
  const amount = /^\$?\d{1,9}(\.\d{1,6})?$/.test(given) ? fromUsd(Number(given.replace("$", ""))) : fromUsd(0);
  return amount > 0 ? amount : refuse("Expected US dollars above zero, such as 5 or 0.50.");
}

function parseQuantity(given: string): number {
  const value = Number(given);
  return /^\d{1,9}(\.\d{1,3})?$/.test(given) && value > 0 ? value : refuse("Expected a number above 0.");
}

function parseHost(given: string): EgressRule {
  return parseEgressRule(given) ?? refuse("Expected a host and port, such as registry.example.org:443.");
}

function parseMount(given: string): Mount {
  const writable = given.endsWith(":rw");
  const [from = "", to = from, ...rest] = (writable ? given.slice(0, -3) : given).split(":");
  const valid = rest.length === 0 && from.startsWith("/") && to.startsWith("/");
  return valid
    ? { from, to, writable }
    : refuse("Expected absolute paths, such as /data, /data:/mnt or /data:/mnt:rw.");
}

function parseMachine(given: string): MachineWish {
  const [name = "", ...image] = given.split(":");
  const driver = DRIVER_NAMES.find((known) => known === name);
  if (driver === undefined) return refuse(`Expected one of ${DRIVER_NAMES.join(", ")}, and perhaps :image.`);
  return image.length === 0 ? { driver } : { driver, image: image.join(":") };
}

function parseGate(given: string): GateSpec {
  const split = given.indexOf("=");
  const [name, command] = [given.slice(0, split).trim(), given.slice(split + 1).trim()];
  if (split > 0 && GATE_NAME.test(name) && command !== "") return { name, command };
  return refuse("Expected name=command, such as 'tests=npm test'.");
}

function refuse(message: string): never {
  throw new InvalidArgumentError(message);
}
