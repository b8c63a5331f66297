import { setTimeout } from "node:timers/promises";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";

/** Debian's. */
const CHROMIUM = "/usr/bin/chromium";
/** Tests may run as root; nothing is looked up outside. */
const ARGUMENTS =
  "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
/** Where nothing moves for so long, something is wrong: in milliseconds. */
const LONGEST_MS = 30_000;
const LOOK_EVERY_MS = 50;

/** The demo, seen by whoever uses it. */
export class DemoPage {
  readonly #page: Page;
  /** What the page's scripts failed with. */
  readonly errors: string[] = [];

  private constructor(page: Page) {
    this.#page = page;
    page.on("pageerror", (error) => void this.errors.push(String(error)));
    page.on("console", (message) => {
      if (message.type() === "error") this.errors.push(message.text());
    });
  }

  /** @param url of the demo, with what it is to start */
  static async open(browser: Browser | BrowserContext, url: string): Promise<DemoPage> {
    const page = new DemoPage(await browser.newPage());
    await page.#page.goto(url);
    return page;
  }

  /** How many scripts run beside the page's. */
  get workers(): number {
    return this.#page.workers().length;
  }

  /** @param longestMs in milliseconds */
  async untilShown(text: string, longestMs: number = LONGEST_MS): Promise<void> {
    const rows = this.#page.locator(".xterm-rows");
    try {
      await rows.filter({ hasText: text }).waitFor({ timeout: longestMs });
    } catch (cause) {
      const [status, shown] = [await this.#page.locator("#status").innerText(), await rows.innerText()];
      throw new Error(`The terminal never showed ${JSON.stringify(text)}, but, ${status}:\n${shown}`, { cause });
    }
  }

  async untilStatus(text: string): Promise<void> {
    await this.#page.locator("#status", { hasText: text }).waitFor({ timeout: LONGEST_MS });
  }

  /** Types into the terminal. */
  async type(text: string): Promise<void> {
    await this.#page.locator(".xterm-helper-textarea").focus();
    await this.#page.keyboard.type(text);
  }

  /** Chooses a file in the form. */
  async choose(name: string, path: string): Promise<void> {
    await this.#page.locator(`input[name=${name}]`).setInputFiles(path);
  }

  /** Follows the link to the snapshot. @param path where it goes */
  async downloadTo(path: string): Promise<void> {
    const started = this.#page.waitForEvent("download");
    await this.#page.locator("#download").click();
    await (await started).saveAs(path);
  }

  async press(button: string): Promise<void> {
    await this.#page.getByRole("button", { name: button, exact: true }).click();
  }

  /** @returns resolves once a number of the statistics is at least so large */
  async untilCounted(name: string, least: number): Promise<void> {
    const end = performance.now() + LONGEST_MS;
    while ((await this.count(name)) < least) {
      if (performance.now() > end) throw new Error(`${name} never came to ${least}, but to ${await this.count(name)}`);
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  async count(name: string): Promise<number> {
    const row = this.#page.locator("#statistics div", { has: this.#page.getByText(name, { exact: true }) });
    return Number((await row.locator("dd").innerText()).replaceAll(",", ""));
  }

  /** @returns resolves once the browser's storage has compiled code */
  async untilStored(): Promise<void> {
    const end = performance.now() + LONGEST_MS;
    const keys = `caches.open("cloister-units").then((store) => store.keys()).then(({ length }) => length)`;
    while ((await this.#page.evaluate(keys)) === 0) {
      if (performance.now() > end) throw new Error("nothing was ever stored");
      await setTimeout(LOOK_EVERY_MS);
    }
  }

  async close(): Promise<void> {
    await this.#page.close();
  }
}

/** Starts Chromium, with nothing of a user in it. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS.split(" ") });
}
