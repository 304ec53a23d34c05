import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

import { findChromium } from "../chromium";

/** A browser for one test file; each context is another device, with storage and connections of its own. */
export interface TestBrowser {
  /** A page of a new device. */
  open(url: string, options?: BrowserContextOptions): Promise<WatchedPage>;
  /** Ends the devices of a test. */
  closeDevices(): Promise<void>;
  close(): Promise<void>;
}

/** A page, and what went wrong in it that nobody would see. */
export interface WatchedPage {
  page: Page;
  /** Errors that nothing caught, and violations of the content security policy. */
  faults: string[];
}

const ARGS = [
  ...["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];
/** Long enough for a slow machine that does other things too; what a test waits for comes sooner. */
const TIMEOUT_MS = 60_000;

/** Starts the system's chromium, headless, with a fresh profile that is gone after `close`. */
export async function launchBrowser(): Promise<TestBrowser> {
  const home = await mkdtemp(join(tmpdir(), "roomful-browser-"));
  const browser: Browser = await chromium.launch({
    executablePath: findChromium(),
    // Chromium's sandbox does not start for root.
    chromiumSandbox: process.getuid?.() !== 0,
    args: ARGS,
    // The profile is playwright's, but crash reports and caches would go into the home of who runs the tests.
    env: {
      ...process.env,
      ...{ HOME: home, XDG_CONFIG_HOME: join(home, ".config"), XDG_CACHE_HOME: join(home, ".cache") },
    },
  });
  const devices = new Set<BrowserContext>();

  return {
    async open(url, options) {
      const device = await browser.newContext({ locale: "en-GB", viewport: { width: 1200, height: 800 }, ...options });
      devices.add(device);
      device.setDefaultTimeout(TIMEOUT_MS);
      return openPage(device, url);
    },
    async closeDevices() {
      await Promise.all([...devices].map((device) => device.close()));
      devices.clear();
    },
    async close() {
      await browser.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** Opens one more page of a device: a tab. */
export async function openPage(device: BrowserContext, url: string): Promise<WatchedPage> {
  const page = await device.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  await page.exposeFunction("reportViolation", (violation: string) => faults.push(violation));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) => {
      Reflect.get(window, "reportViolation")(`refused by ${violatedDirective}: ${blockedURI} ${sample}`);
    });
  });
  await page.goto(url);
  return { page, faults };
}
