/**
 * The console's page in a browser, on a lake with everything that it can show: usable by keyboard and by ear, in two themes and three
 * sizes, and not to be led astray by what a lake holds. The pictures are in .cache/ui, for people to look at.
 */
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type Answers, dayOfMetrics, STACK_ANSWERS } from "../console/support/stack-answers.ts";
import { type RunningProcess, startDynalakeProcess } from "../support/cli-process.ts";
import { type FakeCloud, fakeCloud } from "../support/fake-cloud.ts";
import { axePath, type Browser, HAS_BROWSER, launchBrowser, type Page } from "./support/browser.ts";
import { HOSTILE_TEXT, ORDER_OF_INTEREST, writeSampleLake } from "./support/sample-lake.ts";

const PICTURES = join(import.meta.dirname, "..", "..", ".cache", "ui");
const SIZES = {
  large: { width: 1440, height: 900 },
  medium: { width: 1024, height: 768 },
  small: { width: 390, height: 844 },
} as const;
const VIEWS = {
  overview: "#/",
  table: "#/t/orders",
  item: `#/t/orders/item?order_id=${ORDER_OF_INTEREST}`,
  quarantine: "#/quarantine",
  tables: "#/tables",
  sql: "#/sql",
} as const;
/** What is there once a view is. */
const MARKS: Readonly<Record<keyof typeof VIEWS, string>> = {
  overview: ".list.tables",
  table: ".strata",
  item: ".versions",
  quarantine: ".record",
  tables: ".page .table-nav",
  sql: ".cm-content",
};

let folder: string;
let ui: RunningProcess;
let link: string;
let browser: Browser;
let page: Page;
const faults: string[] = [];
const hosts = new Set<string>();

(HAS_BROWSER ? describe : describe.skip)("the page", () => {
  beforeAll(async () => {
    await mkdir(PICTURES, { recursive: true });
    folder = await mkdtemp(join(tmpdir(), "dynalake-test-"));
    await writeSampleLake(join(folder, "shop"), Math.floor(Date.now() / 1000), { orders: 4_000 });
    ui = startDynalakeProcess(["ui", "--lake", "shop", "--port", "0"], { cwd: folder, secondsMax: 300 });
    link = (await ui.printed("\n")).trim();
    browser = await launchBrowser();
    const context = await browser.newContext();
    page = await context.newPage();
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) faults.push(message.text());
    });
    page.on("request", (request) => hosts.add(new URL(request.url()).host));
    await page.goto(link);
    await page.waitForSelector(MARKS.overview);
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    ui?.signal("SIGINT");
    await ui?.ended;
    await rm(folder, { recursive: true, force: true });
  });

  async function show(view: keyof typeof VIEWS): Promise<void> {
    await page.evaluate(`location.hash = ${JSON.stringify(VIEWS[view])}`);
    await page.waitForSelector(MARKS[view]);
    await page.evaluate("document.fonts.ready.then(() => new Promise(requestAnimationFrame))");
  }

  /** Waits until the expression holds in the page, which allows no evaluation of texts by itself. */
  async function until(expression: string): Promise<void> {
    const nextFrame = "new Promise((resolve) => requestAnimationFrame(() => resolve()))";
    while (!(await page.evaluate<boolean>(`${nextFrame}.then(() => Boolean(${expression}))`)));
  }

  /** What people cannot use, by the rules of WCAG as axe knows them. */
  async function barriers(): Promise<readonly string[]> {
    await page.evaluate(await readFile(axePath(), "utf8"));
    return page.evaluate(
      "axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations.map(({ id, nodes }) => id + ': ' + nodes.map(({ target }) => target).join(' ')))",
    );
  }

  const looks = (["light", "dark"] as const).flatMap((theme) =>
    (["large", "medium", "small"] as const).flatMap((size) =>
      (Object.keys(VIEWS) as (keyof typeof VIEWS)[]).map((view) => ({ theme, size, view })),
    ),
  );

  test.each(looks)(
    "$view, $theme and $size, has no barrier and no sideways scroll",
    async ({ theme, size, view }) => {
      await page.emulateMedia({ colorScheme: theme, reducedMotion: "reduce" });
      await page.setViewportSize(SIZES[size]);
      await show(view);
      await page.screenshot({ path: join(PICTURES, `${view}-${theme}-${size}.png`) });
      expect(await page.evaluate("document.documentElement.scrollWidth - innerWidth")).toBe(0);
      expect(await barriers()).toEqual([]);
    },
  );

  describe("of a deployment", () => {
    let cloud: FakeCloud;
    let stackUi: RunningProcess;
    let stackPage: Page;
    beforeAll(async () => {
      const answers: Answers = { ...STACK_ANSWERS, GetMetricData: () => dayOfMetrics(Date.now() / 1000) };
      cloud = await fakeCloud((request) => answers[request.operation]?.(request));
      const words = ["ui", "--stack", "S", "--port", "0", "--confirm-above", "0"];
      stackUi = startDynalakeProcess(words, { cwd: folder, env: cloud.env, secondsMax: 300 });
      const stackLink = (await stackUi.printed("\n")).trim();
      stackPage = await (await browser.newContext()).newPage();
      stackPage.on("pageerror", (error) => faults.push(error.message));
      await stackPage.setViewportSize(SIZES.large);
      await stackPage.goto(stackLink);
      await stackPage.waitForSelector(MARKS.overview);
    }, 60_000);
    afterAll(async () => {
      stackUi?.signal("SIGINT");
      await stackUi?.ended;
      await cloud?.close();
    });

    test("shows its tables, whose rows are not counted", async () => {
      await stackPage.screenshot({ path: join(PICTURES, "stack-overview.png") });
      const text = await stackPage.evaluate<string>("document.querySelector('.list.tables').innerText");
      expect(text).toContain("≈ 40");
      expect(cloud.requests.map(({ operation }) => operation)).not.toContain("StartQueryExecution");
    });

    test("draws the figures of a day that CloudWatch has", async () => {
      await stackPage.evaluate("location.hash = '#/t/reviews'");
      await stackPage.waitForSelector(".plot canvas");
      await stackPage.screenshot({ path: join(PICTURES, "stack-table.png") });
      const text = await stackPage.evaluate<string>("document.querySelector('.page').innerText");
      expect(text).toContain("slowest 1 min 40 s");
      expect(text).toContain("17,750 in 24 h");
    });

    test("asks before a statement that costs, runs it once that is agreed to, and says what was read", async () => {
      await stackPage.evaluate(`location.hash = ${JSON.stringify(VIEWS.sql)}`);
      await stackPage.waitForSelector(MARKS.sql);
      await stackPage.click("text=Run");
      await stackPage.waitForSelector("text=it has not run");
      await stackPage.screenshot({ path: join(PICTURES, "stack-price.png") });
      const ran = (): number =>
        cloud.requests.filter(({ operation }) => operation === "StartQueryExecution").length;
      expect(ran()).toBe(0);
      await stackPage.click("text=Run it for");
      await stackPage.waitForSelector("text=12.0 MB read");
      await stackPage.screenshot({ path: join(PICTURES, "stack-answer.png") });
      const shown = await stackPage.evaluate<string>("document.querySelector('.answer').innerText");
      expect(shown.replaceAll(",", "")).toContain("12345678901234567890");
      expect(ran()).toBe(1);
    });
  });

  describe("the SQL console", () => {
    beforeAll(async () => {
      await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
      await page.setViewportSize(SIZES.large);
    });

    async function linked(sql: string): Promise<void> {
      await page.evaluate(`location.hash = "#/sql?q=" + encodeURIComponent(${JSON.stringify(sql)})`);
      await until(
        `document.querySelector(".cm-content")?.innerText.replace(/\\n/g, " ").trim() === ${JSON.stringify(sql)}`,
      );
    }

    async function run(sql: string, shown = ".grid-row"): Promise<void> {
      await linked(sql);
      await page.focus(".cm-content");
      await page.keyboard.press("Control+Enter");
      await until(
        "document.querySelector('.outcome').textContent.includes(' in ') || document.querySelector('.answer [role=alert]')",
      );
      await page.waitForSelector(shown);
    }

    test("shows the statement of a link, and does not run it", async () => {
      await linked("SELECT 1 AS one");
      expect(await page.textContent(".answer .state h2")).toBe("A statement from a link, not run yet");
      expect(await page.evaluate("document.querySelectorAll('.grid-row').length")).toBe(0);
    });

    test("has 100,000 rows in a few row elements, and the keyboard reaches the last one", async () => {
      await run("SELECT range AS n, 'row ' || range AS word, range * 1.5 AS price FROM range(100000)");
      await page.focus(".grid-view");
      await page.keyboard.press("Control+End");
      await until("document.querySelector('.status-line').textContent.includes('row 100,000 of 100,000')");
      expect(await page.evaluate("document.querySelectorAll('.grid-row').length")).toBeLessThan(80);
      await page.keyboard.press("Enter");
      await page.keyboard.press("Enter");
      await page.waitForSelector("[aria-sort=descending]");
      await page.keyboard.press("Control+Home");
      await until("document.querySelector('.status-line code').textContent === '99,999'");
      expect(await barriers()).toEqual([]);
      await page.screenshot({ path: join(PICTURES, "sql-rows.png") });
    });

    test("draws a chart in one step, whose numbers are there as a table", async () => {
      await run("SELECT created_at, status, country, price FROM orders LIMIT 100000");
      await page.keyboard.press("Alt+2");
      await page.waitForSelector(".chart canvas");
      expect(await barriers()).toEqual([]);
      await page.screenshot({ path: join(PICTURES, "sql-chart.png") });
      expect(await page.evaluate("document.querySelectorAll('.numbers tbody tr').length")).toBeGreaterThan(
        10,
      );
      await page.keyboard.press("Alt+1");
    });

    test("has the first rows of a longer result, and saves all of them", async () => {
      await run("SELECT range AS n FROM range(100001)");
      expect(await page.textContent(".outcome")).toMatch(/^the first 100,000 rows in /);
      const [saved] = await Promise.all([
        page.waitForEvent("download"),
        page.click(".tabs .button >> text=CSV"),
      ]);
      expect(saved.suggestedFilename()).toBe("result.csv");
      expect((await readFile(await saved.path(), "utf8")).trim().split("\n")).toHaveLength(100_002);
    });

    test("saves what is shown as it is shown, and Parquet", async () => {
      await run("SELECT range AS n FROM range(3)");
      await page.click("[data-column='0']");
      await page.click("[data-column='0']");
      await page.waitForSelector("[aria-sort=descending]");
      const [shown] = await Promise.all([
        page.waitForEvent("download"),
        page.click(".tabs .button >> text=CSV"),
      ]);
      expect(await readFile(await shown.path(), "utf8")).toBe("n\n2\n1\n0\n");
      const [parquet] = await Promise.all([
        page.waitForEvent("download"),
        page.click(".tabs .button >> text=Parquet"),
      ]);
      expect((await readFile(await parquet.path())).subarray(0, 4).toString()).toBe("PAR1");
    });

    test("names the column that was meant, and marks the one that is not there", async () => {
      await run("SELECT pricee FROM orders", "[role=alert]");
      expect(await page.textContent("[role=alert] .link")).toBe("price");
      expect(await page.textContent(".cm-fault")).toBe("pricee");
      await page.click("[role=alert] .link");
      await until("document.querySelector('.cm-content').innerText.trim() === 'SELECT price FROM orders'");
    });

    test("offers the columns of the tables that a statement names first, and nothing that writes", async () => {
      await linked("SELECT  FROM orders");
      await page.focus(".cm-content");
      await page.keyboard.press("Control+Home");
      for (let i = 0; i < "SELECT ".length; i++) await page.keyboard.press("ArrowRight");
      await page.keyboard.type("cre");
      await page.waitForSelector(".cm-tooltip-autocomplete");
      const offered = await page.evaluate<string[]>(
        "[...document.querySelectorAll('.cm-completionLabel')].map((label) => label.textContent)",
      );
      expect(offered[0]).toBe("created_at");
      expect(offered.filter((word) => /^(create|drop|insert|update|delete|copy)$/i.test(word))).toEqual([]);
      await page.keyboard.press("Escape");
      await page.keyboard.press("Tab");
      expect(await page.evaluate("document.activeElement.closest('.cm-editor') === null")).toBe(true);
    });

    test("stops a statement by one key", async () => {
      await linked(
        "SELECT count(*) FROM range(1000000000) a, range(1000000000) b WHERE hash(a.range, b.range) = 0",
      );
      await page.focus(".cm-content");
      await page.keyboard.press("Control+Enter");
      await until("document.querySelector('.outcome').textContent.startsWith('Running')");
      await page.keyboard.press("Escape");
      await until("document.querySelector('.answer .state h2')?.textContent === 'Stopped'");
    });

    test("shows what items hold as text, whatever it is", async () => {
      await run("SELECT book FROM reviews WHERE book LIKE '%img%'");
      const cell = await page.evaluate<string>(
        "[...document.querySelectorAll('[role=gridcell]')].map((cell) => cell.textContent).find((text) => text.includes('img'))",
      );
      expect(cell).toBe(HOSTILE_TEXT);
      expect(await page.evaluate("document.querySelectorAll('img').length")).toBe(0);
    });
  });

  describe("by keyboard", () => {
    test("shows where the focus is at every stop", async () => {
      await page.setViewportSize(SIZES.large);
      await page.goto(new URL(link).origin);
      await page.waitForSelector(MARKS.overview);
      const stops: string[] = [];
      for (let i = 0; i < 60; i++) {
        await page.keyboard.press("Tab");
        const stop = await page.evaluate<string>(
          "(() => { const at = document.activeElement; const style = getComputedStyle(at); const name = at.getAttribute('aria-label') ?? at.textContent.trim().slice(0, 30); return at === document.body ? '' : (style.outlineStyle === 'none' ? 'HIDDEN ' : '') + name; })()",
        );
        if (stop === "") break;
        stops.push(stop);
      }
      expect(stops[0]).toBe("Skip to the content");
      expect(stops.length).toBeGreaterThan(15);
      expect(stops.filter((stop) => stop.startsWith("HIDDEN"))).toEqual([]);
    });

    test("goes to a table by its name", async () => {
      await page.keyboard.press("/");
      await page.waitForSelector(".palette input");
      await page.keyboard.type("revi");
      await page.keyboard.press("Enter");
      await page.waitForSelector(".strata");
      expect(await page.title()).toBe("reviews · dynalake");
    });
  });

  test("another tab of the same browser has the session, and another browser has none", async () => {
    await page.goto(`${new URL(link).origin}/#/quarantine`);
    await page.waitForSelector(MARKS.quarantine);
    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto(new URL(link).origin);
    await stranger.waitForSelector("[role=alert]");
    expect(await stranger.textContent("[role=alert] h1")).toBe("This page has no session");
  });

  test("nothing failed in it, and nothing came from elsewhere", () => {
    expect([...hosts]).toEqual([new URL(link).host]);
    // Chromium styles what is typed over words in color by itself, which the policy forbids: the editor draws it anew.
    expect(faults.filter((fault) => !fault.startsWith("Applying inline style"))).toEqual([]);
  });
});
