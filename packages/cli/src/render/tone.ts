import type { Paint, Style } from "../terminal/terminal.ts";
import type { EventLine, Tone } from "./describe-event.ts";
import { describeClock } from "./quantities.ts";

const STYLES: Readonly<Record<Tone, Style | undefined>> = {
  plain: undefined,
  good: "green",
  bad: "red",
  warning: "yellow",
  quiet: "dim",
};

/** Colours `text` as its tone asks. */
export function paintTone(paint: Paint, tone: Tone, text: string): string {
  const style = STYLES[tone];
  return style === undefined ? text : paint(style, text);
}

/** An event's line with the time of day before it. */
export function stampLine(paint: Paint, time: number, { tone, text }: EventLine): string {
  return `${paint("dim", describeClock(time))} ${paintTone(paint, tone, text)}`;
}
