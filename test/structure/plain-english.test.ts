/** Keeps stilted phrases, which readers stumble over, out of comments, messages and docs. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "@jest/globals";

const ROOT = join(import.meta.dirname, "..", "..");
const PLACES = [
  "src",
  "infra",
  "handlers",
  "scripts",
  "bench",
  "bin",
  "docs",
  "examples",
  "README.md",
  "CONTRIBUTING.md",
];
const TEXT = /\.(?:js|json|md|mjs|tsx?)$/;

/** Phrases to avoid, each with the plain way to say it. */
const PHRASES: Readonly<Record<string, string>> = {
  "(?<!\\bthere )is no (?:lake|file|time|table|schema|number|text|json|export|folder|stream)\\b": "is not a",
  "\\bholes?\\b": "gap",
  "\\btells? of\\b": "shows, reports",
  "\\b(?:is|are) told\\b": "is shown, is reported",
  "\\bnobody\\b": "name who acts, or use no ... / nothing",
  "\\bwhoever\\b": "name who acts",
  "\\bbelongs? into\\b": "belongs in",
  "\\bmended\\b": "repaired, fixed",
};

/** Between two words of a phrase there may be the end of a line, within a comment too. */
const SPACE = "\\s+(?:(?:\\*|//|#|>)\\s+)?";

interface Finding {
  readonly line: number;
  readonly found: string;
  readonly plain: string;
}

function findings(text: string): readonly Finding[] {
  return Object.entries(PHRASES).flatMap(([phrase, plain]) =>
    [...text.matchAll(new RegExp(phrase.replaceAll(" ", SPACE), "gi"))].map((match) => ({
      line: text.slice(0, match.index).split("\n").length,
      found: match[0].replace(/\s+/g, " "),
      plain,
    })),
  );
}

function filesOf(place: string): readonly string[] {
  if (statSync(join(ROOT, place)).isFile()) return [place];
  const names = readdirSync(join(ROOT, place), { recursive: true, encoding: "utf8" });
  return names.filter((name) => TEXT.test(name)).map((name) => `${place}/${name.replaceAll("\\", "/")}`);
}

test("comments, messages and docs are in plain English", () => {
  const files = PLACES.flatMap(filesOf);
  expect(files.length).toBeGreaterThan(200);
  const all = files.flatMap((file) =>
    findings(readFileSync(join(ROOT, file), "utf8")).map(
      ({ line, found, plain }) => `${file}:${line}: "${found}" (plain: ${plain})`,
    ),
  );
  expect(all).toEqual([]);
});

describe("a phrase", () => {
  test.each([
    ["x is no lake: it has no tables", "is no lake"],
    ["// A text that is no JSON.", "is no JSON"],
    ["/** Every hole ever found. */", "hole"],
    ["What an export cannot tell of.", "tell of"],
    ["The user is told.", "is told"],
    ["Nobody waits.", "Nobody"],
    ["for whoever wants it", "whoever"],
    ["What stays belongs into cdk.json.", "belongs into"],
    ["mended gap", "mended"],
    ["/**\n * Two records are\n * told apart.\n */", "are * told"],
    ["// as of a file that is\n// no table", "is // no table"],
  ])("is found in %j", (text, found) => {
    expect(findings(`first line\n${text}`).map((finding) => finding.found)).toEqual([found]);
  });

  test("is reported at the line where it starts", () => {
    expect(findings("first line\nsecond\n * is\n * told").map(({ line }) => line)).toEqual([3]);
  });

  test.each([
    "the whole lake",
    "There is no file.",
    "there\n// is no table",
    "is not a file",
    "mendedGaps",
    "untold",
    "This tells one from another.",
  ])("is not found in %j", (text) => {
    expect(findings(text)).toEqual([]);
  });
});
