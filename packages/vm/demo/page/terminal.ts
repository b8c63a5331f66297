import { FitAddon } from "@xterm/addon-fit";
import { Terminal } from "@xterm/xterm";

/** The page's terminal. What the guest prints goes here, and nowhere else. */
export interface PageTerminal {
  /** Shows bytes. @returns resolves when they are shown */
  show(bytes: Uint8Array): Promise<void>;
  /** Listens to what is typed. */
  onInput(listener: (bytes: Uint8Array) => void): void;
  /** Empties the terminal, and puts the cursor in it. */
  begin(): void;
}

const THEME = { background: "#0a0c0f", foreground: "#d7dde5", cursor: "#5cc2a4", selectionBackground: "#2f4a44" };

/** Makes a terminal that fills an element of the page. */
export function createTerminal(element: HTMLElement): PageTerminal {
  const terminal = new Terminal({
    theme: THEME,
    fontSize: 14,
    lineHeight: 1.2,
    fontFamily: "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace",
    cursorBlink: true,
    scrollback: 10_000,
    // A guest is not to lead anybody to its links.
    linkHandler: { activate: () => undefined },
  });
  const fit = new FitAddon();
  terminal.loadAddon(fit);
  terminal.open(element);
  fit.fit();
  new ResizeObserver(() => fit.fit()).observe(element);
  const encoder = new TextEncoder();
  return {
    show: (bytes) => new Promise((resolve) => terminal.write(bytes, resolve)),
    onInput(listener) {
      terminal.onData((text) => listener(encoder.encode(text)));
      terminal.onBinary((text) => listener(Uint8Array.from(text, (character) => character.charCodeAt(0))));
    },
    begin() {
      terminal.reset();
      terminal.focus();
    },
  };
}
