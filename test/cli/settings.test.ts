/** Settings: the command line, then the environment, then `dynalake.json`; the lake or the stack is one choice. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { settingsFrom } from "../../src/cli/context/settings.ts";
import { parseSettingsFile } from "../../src/cli/options/settings-file.ts";
import { awsSetting, heldSetting, lakeChoice } from "../../src/cli/options/settings-layers.ts";
import { done, dynalake, expectRefused } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";

test("a lake or a stack is one choice, made whole by the first place that makes it", () => {
  const file = { name: "dynalake.json", settings: { stack: "Orders" } };
  const choice = (environment: Record<string, string>) => lakeChoice({ environment, file });
  expect(choice({ DYNALAKE_LAKE: "here" })).toEqual({
    value: { kind: "folder", folder: "here" },
    from: "DYNALAKE_LAKE",
  });
  expect(choice({ DYNALAKE_LAKE: "" })).toEqual({
    value: { kind: "stack", stack: "Orders" },
    from: "dynalake.json",
  });
  expect(() => choice({ DYNALAKE_LAKE: "here", DYNALAKE_STACK: "Orders" })).toThrow(
    "both DYNALAKE_LAKE and DYNALAKE_STACK are set",
  );
  expect(lakeChoice({ environment: {}, file: undefined })).toBeUndefined();
});

test("the environment comes before the file, and the region of the AWS CLI before both of ours", () => {
  const file = { name: "f", settings: { endpoint: "http://file", region: "eu-west-1", profile: "p" } };
  const endpoint = { member: "endpoint", variable: "DYNALAKE_ENDPOINT" } as const;
  const environment = { DYNALAKE_ENDPOINT: "http://env", AWS_DEFAULT_REGION: "us-east-1" };
  expect(heldSetting({ environment, file }, endpoint)).toEqual({
    value: "http://env",
    from: "DYNALAKE_ENDPOINT",
  });
  expect(heldSetting({ environment: {}, file }, endpoint)).toEqual({ value: "http://file", from: "f" });
  expect(awsSetting({ environment, file }, "region")?.from).toBe("AWS_DEFAULT_REGION");
  const both = { ...environment, AWS_REGION: "us-west-2" };
  expect(awsSetting({ environment: both, file }, "region")?.value).toBe("us-west-2");
  expect(awsSetting({ environment, file }, "profile")).toEqual({ value: "p", from: "f" });
});

test("keys of the environment come before a profile of the file, and after one of the environment", () => {
  const file = { name: "f", settings: { region: "eu-west-1", profile: "p" } };
  const keys = { AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret" };
  const environmentOf = (environment: Record<string, string>) =>
    settingsFrom({ environment, file }, { cwd: "/" }).environment;
  expect(environmentOf(keys)).toEqual({ ...keys, AWS_REGION: "eu-west-1" });
  expect(environmentOf({ ...keys, AWS_PROFILE: "mine" })).toMatchObject({ AWS_PROFILE: "mine" });
  expect(environmentOf({})).toMatchObject({ AWS_PROFILE: "p" });
});

test.each([
  ["{", /^f is not JSON$/],
  ["[]", /^f: .*expected object/],
  ['{"lakee": "x"}', /^f: .*lakee/],
  ['{"lake": 1}', /^f: lake: .*expected string/],
  ['{"tables": {"orders": {"sorce": "Orders"}}}', /^f: tables\.orders: .*sorce/],
  ['{"metricsPort": 70000}', /^f: metricsPort: /],
  ['{"compactEverySeconds": 0}', /^f: compactEverySeconds: /],
  ['{"onFinding": "rm -rf /"}', /^f: onFinding: .*expected array/],
  ['{"lake": "a", "stack": "b"}', /^f: lake and stack exclude each other$/],
])("%s is refused with its place", (content, message) => {
  expect(() => parseSettingsFile(content, "f")).toThrow(message);
});

test("a program gets findings only by a file that is named", () => {
  const layers = { environment: {}, file: { name: "f", settings: { onFinding: ["notify"] } } };
  expect(settingsFrom(layers, { cwd: "/etc" }).onFinding).toBeUndefined();
  const named = settingsFrom(layers, { cwd: "/etc", named: "lake/f" });
  expect(named.onFinding).toEqual({ words: ["notify"], cwd: "/etc/lake" });
});

test("a profile of the command line comes first, and the SDK gets what holds", () => {
  const layers = {
    environment: { AWS_PROFILE: "env" },
    file: { name: "f", settings: { region: "eu-west-1" } },
  };
  expect(settingsFrom(layers, { cwd: "/", profile: "given" }).environment).toEqual({
    AWS_PROFILE: "given",
    AWS_REGION: "eu-west-1",
  });
});

/** A folder with two lakes, each with a table named like it. */
async function withLakes(use: (folder: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    for (const lake of ["one", "two"]) {
      const event = join(folder, `${lake}.json`);
      const Keys = { Id: { S: lake } };
      const dynamodb = { Keys, NewImage: Keys, SequenceNumber: "1" };
      await writeFile(event, JSON.stringify({ Records: [{ eventName: "INSERT", dynamodb }] }));
      await done(["replay", event, "--key", "Id", "--table", lake, "--lake", join(folder, lake)]);
    }
    await use(folder);
  });
}

test("commands work on the lake of the option, else of the environment, else of the file", async () => {
  await withLakes(async (cwd) => {
    await writeFile(join(cwd, "dynalake.json"), JSON.stringify({ lake: "one" }));
    const tables = async (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
      JSON.parse(await done(["status", "--json", ...args], { cwd, env })).tables[0].table;
    expect(await tables()).toBe("one");
    expect(await tables([], { DYNALAKE_LAKE: "two" })).toBe("two");
    expect(await tables(["--lake", "one"], { DYNALAKE_LAKE: "two" })).toBe("one");
    // Relative to the file, and only with the file that is named.
    await mkdir(join(cwd, "etc"));
    await writeFile(join(cwd, "etc", "other.json"), JSON.stringify({ lake: "../two" }));
    expect(await tables(["--config", "etc/other.json"])).toBe("two");
    await writeFile(join(cwd, "etc", "absolute.json"), JSON.stringify({ lake: join(cwd, "two") }));
    expect(await tables(["--config", "etc/absolute.json"])).toBe("two");
    expectRefused(await dynalake(["status"], { cwd: join(cwd, "etc") }), {
      code: "LAKE_NOT_FOUND",
      names: ["lake"],
    });
    const compacted = await dynalake(["compact"], { cwd });
    const said = `Settings of dynalake.json: lake "${join(cwd, "one")}"`;
    expect(compacted.stderr).toContain(said);
    expect((await dynalake(["schema", "apply", "one/one/schema.json"], { cwd })).stderr).toContain(said);
  });
});

test("a stack of the settings is refused where it means nothing; an option leads out", async () => {
  await withLakes(async (cwd) => {
    const env = { DYNALAKE_STACK: "Orders" };
    expectRefused(await dynalake(["sql"], { cwd, env }), {
      code: "USAGE",
      names: ["DYNALAKE_STACK"],
      next: "--lake",
    });
    expectRefused(await dynalake(["verify", "--from-export", "x"], { cwd, env }), {
      code: "USAGE",
      names: ["--from-export", "DYNALAKE_STACK"],
    });
    expect(await done(["query", "SELECT 1 AS n", "--lake", "one"], { cwd, env })).toContain("n");
  });
});

test("a work group of the settings holds on a stack, and means nothing for a folder", async () => {
  await withLakes(async (cwd) => {
    const env = { DYNALAKE_WORK_GROUP: "analysts" };
    expect(await done(["query", "SELECT 1 AS n", "--lake", "one"], { cwd, env })).toContain("n");
    expectRefused(
      await dynalake(["query", "SELECT 1", "--work-group", "analysts", "--lake", "one"], { cwd }),
      {
        code: "USAGE",
        names: ["--work-group"],
        next: "--stack",
      },
    );
  });
});

test("a file that is wrong, or that is named and missing, is refused with its place", async () => {
  await withFolder(async (cwd) => {
    await writeFile(join(cwd, "dynalake.json"), '{"lakes": "x"}');
    expectRefused(await dynalake(["status"], { cwd }), { code: "USAGE", names: ["dynalake.json", "lakes"] });
    const missing = await dynalake(["status", "--config", "none.json"], { cwd });
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining("none.json") });
    const port = await dynalake(["run", "--lake", "x"], {
      cwd: join(cwd, ".."),
      env: { DYNALAKE_METRICS_PORT: "x" },
    });
    expectRefused(port, { code: "USAGE", names: ["DYNALAKE_METRICS_PORT", "port"] });
  });
});

test("`config` shows what holds and why, and no secret", async () => {
  await withFolder(async (cwd) => {
    const settings = { lake: "data", region: "eu-west-1", compactEverySeconds: 300, onFinding: ["notify"] };
    await writeFile(join(cwd, "dynalake.json"), JSON.stringify(settings));
    const env = {
      DYNALAKE_LAKE: "elsewhere",
      DYNALAKE_MASK_KEY: "hush",
      DYNALAKE_WEBHOOK_URL: "https://hush.example",
      DYNALAKE_LAK: "x",
    };
    const text = await dynalake(["config"], { cwd, env });
    expect(text.stdout).toMatch(/^lake +elsewhere {2}\(DYNALAKE_LAKE\)$/m);
    expect(text.stdout).toMatch(/^region +eu-west-1 {2}\(dynalake\.json\)$/m);
    expect(text.stdout).toMatch(/^compactEverySeconds +300 {2}\(dynalake\.json\)$/m);
    expect(text.stdout).toMatch(/^onFinding +\["notify"\] {2}\(not used: only with --config\)$/m);
    expect(text.stdout).toMatch(/^metricsHost +127\.0\.0\.1 {2}\(default\)$/m);
    expect(text.stdout).toMatch(/^metricsPort +- {2}\(default\)$/m);
    expect(text.stdout + text.stderr).not.toContain("hush");
    expect(text.stderr).toContain("1 variable that nothing reads: DYNALAKE_LAK");
    const json = JSON.parse(await done(["config", "--json"], { cwd, env }));
    expect(json.file).toBe("dynalake.json");
    expect(json.settings).toContainEqual({ setting: "maskKey", value: "(set)", from: "DYNALAKE_MASK_KEY" });
    expect(json.settings).toContainEqual({ setting: "endpoint", value: null, from: "default" });
  });
});
