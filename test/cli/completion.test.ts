/** Completion in a shell, tried in the shells that are here; and what an unknown command may have been meant for. */
import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";
import { closestName } from "../../src/cli/options/closest-name.ts";
import { done, dynalake, expectRefused } from "../support/cli.ts";
import { withFolder } from "../support/folders.ts";

function has(shell: string): boolean {
  return spawnSync(shell, ["-c", "exit 0"]).status === 0;
}

/** What a shell completes for words, of which the last is being typed. */
async function completed(shell: "bash" | "fish", words: readonly string[]): Promise<readonly string[]> {
  return withFolder(async (cwd) => {
    const script = join(cwd, "script");
    await writeFile(script, await done(["completion", shell]));
    const line = ["dynalake", ...words];
    const commands =
      shell === "bash"
        ? `source ${script}; COMP_WORDS=(${line.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}; _dynalake; printf '%s\\n' "\${COMPREPLY[@]}"`
        : `source ${script}; complete -C '${line.join(" ")}' | string replace -r '\\t.*' ''`;
    const { stdout, stderr } = spawnSync(shell, ["-c", commands], { cwd, encoding: "utf8" });
    expect(stderr).toBe("");
    return stdout.split("\n").filter((word) => word !== "");
  });
}

describe.each((["bash", "fish"] as const).filter(has))("%s", (shell) => {
  test("completes commands, those below them, options and their values", async () => {
    expect(await completed(shell, ["qua"])).toEqual(["quarantine"]);
    expect(await completed(shell, ["quarantine", "sh"])).toEqual(["show"]);
    expect(await completed(shell, ["quarantine", "repair", "--re"])).toContain("--reason");
    expect(await completed(shell, ["quarantine", "replay", "--re"])).toContain("--reason");
    expect(await completed(shell, ["replay", "--any"])).toEqual(["--any-source"]);
    expect(await completed(shell, ["query", "--form"])).toEqual(["--format"]);
    expect([...(await completed(shell, ["query", "--format", "js"]))].sort()).toEqual(["json", "jsonl"]);
    expect(await completed(shell, ["query", "--any"])).toEqual([]);
  });
});

/** Zsh completes at a prompt alone, so what it would be offered is printed. */
const inZsh = has("zsh") ? test : test.skip;

inZsh("zsh is offered commands with what they do, options and their values", async () => {
  await withFolder(async (folder) => {
    const file = join(folder, "script");
    await writeFile(file, await done(["completion", "zsh"]));
    const offered = (...words: readonly string[]): string => {
      const stubs = `compdef() { : }; compadd() { print -l -- "$@" }; _describe() { print -l -- "\${(@P)2}" }; _files() { print FILES }`;
      const call = `words=(dynalake ${words.map((word) => `'${word}'`).join(" ")}); CURRENT=${words.length + 1}; _dynalake`;
      const { stdout, stderr } = spawnSync("zsh", ["-fc", `${stubs}; source ${file}; ${call}`], {
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      return stdout;
    };
    expect(offered("")).toMatch(/^quarantine:records that could not be delivered$/m);
    expect(offered("quarantine", "")).toMatch(/^show:/m);
    expect(offered("replay", "")).toMatch(/^--any-source:/m);
    expect(offered("query", "--format", "")).toMatch(/^jsonl$/m);
    expect(offered("query", "--out", "")).toBe("FILES\n");
  });
});

test("the scripts of all shells are ones that the shells take, and have no hidden option", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const script = await done(["completion", shell]);
    expect(script).toContain("any-source");
    expect(script).not.toMatch(/--name\b|-l name\b/);
    await withFolder(async (folder) => {
      const file = join(folder, "script");
      await writeFile(file, script);
      if (!has(shell)) return;
      expect(spawnSync(shell, ["-n", file], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
    });
  }
  expectRefused(await dynalake(["completion", "tcsh"]), { code: "USAGE", names: ["tcsh"] });
});

const NAMES = ["verify", "restore", "status", "snapshot", "query", "quarantine", "items", "export"];

test.each([
  ["version", undefined],
  ["verfiy", "verify"],
  ["stauts", "status"],
  ["snapshto", "snapshot"],
  ["quarentin", "quarantine"],
  ["quar", "quarantine"],
  ["delete", undefined],
  ["list", undefined],
  ["restart", undefined],
])("%s is close to %s", (given, meant) => {
  expect(closestName(given, NAMES)).toBe(meant);
});

test("an unknown command gets the one that is meant, and `version` the option", async () => {
  const close = await dynalake(["stauts"]);
  expect(close).toMatchObject({ code: 2, stderr: expect.stringContaining("(Did you mean status?)") });
  const version = await dynalake(["version"]);
  expect(version.stderr).toContain("dynalake --version");
  expect(version.stderr).not.toContain("verify");
  expect((await dynalake(["-v"])).stdout).toMatch(/^\d+\.\d+\.\d+/);
});
