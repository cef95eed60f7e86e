/** A headless Chromium, driven by what scripts/test-ui.mjs has installed: the few calls that the tests need, by their shape. */
import { createRequire } from "node:module";
import { join } from "node:path";

/** Set by scripts/test-ui.mjs. */
const TOOLS: string | undefined = process.env.DYNALAKE_UI_TOOLS;
const PROGRAM: string | undefined = process.env.DYNALAKE_UI_BROWSER;

export const HAS_BROWSER: boolean = TOOLS !== undefined && PROGRAM !== undefined;

export interface Page {
  goto(url: string): Promise<unknown>;
  title(): Promise<string>;
  on(event: "pageerror", listener: (error: Error) => void): void;
  on(event: "console", listener: (message: { type(): string; text(): string }) => void): void;
  on(event: "request", listener: (request: { url(): string }) => void): void;
  waitForEvent(event: "download"): Promise<{ suggestedFilename(): string; path(): Promise<string> }>;
  click(selector: string): Promise<void>;
  focus(selector: string): Promise<void>;
  waitForSelector(selector: string, options?: { readonly state?: "visible" | "hidden" }): Promise<unknown>;
  /** Runs an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  textContent(selector: string): Promise<string | null>;
  setViewportSize(size: { readonly width: number; readonly height: number }): Promise<void>;
  emulateMedia(media: {
    readonly colorScheme: "light" | "dark";
    readonly reducedMotion: "reduce";
  }): Promise<void>;
  screenshot(options: { readonly path: string }): Promise<unknown>;
  readonly keyboard: { press(key: string): Promise<void>; type(text: string): Promise<void> };
}

export interface BrowserContext {
  newPage(): Promise<Page>;
  close(): Promise<void>;
}

export interface Browser {
  newContext(): Promise<BrowserContext>;
  close(): Promise<void>;
}

interface Driver {
  readonly chromium: {
    launch(options: { executablePath: string; args: readonly string[] }): Promise<Browser>;
  };
}

function required(): NodeJS.Require {
  return createRequire(join(TOOLS ?? "", "package.json"));
}

export function launchBrowser(): Promise<Browser> {
  const { chromium } = required()("playwright-core") as Driver;
  // Pictures are the same on every screen. Chromium has no sandbox for root.
  const args = ["--no-sandbox", "--force-color-profile=srgb", "--hide-scrollbars"];
  return chromium.launch({ executablePath: PROGRAM ?? "", args });
}

/** The text of the script that finds what people cannot use. */
export function axePath(): string {
  return required().resolve("axe-core/axe.min.js");
}
