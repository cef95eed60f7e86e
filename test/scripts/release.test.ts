/** A release has notes: a dated section of the changelog, and nothing left for later by mistake. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "@jest/globals";

const root = join(import.meta.dirname, "..", "..");
const { releaseNotes } = (await import(pathToFileURL(join(root, "scripts", "changelog.mjs")).href)) as {
  readonly releaseNotes: (changelog: string, version: string) => string;
};

const CHANGELOG = `# Changelog

All notable changes.

## [Unreleased]

## [0.2.0] - 2026-12-01

### Added

- Rooms.

## [0.1.1] - soon

- Something.

## [0.1.0] - 2026-02-30

## [0.0.9] - 2026-01-01

## [0.0.8] - 2026-01-01

- The first.
`;

test("the notes of a version are its section, up to the next one or the end", () => {
  expect(releaseNotes(CHANGELOG, "0.2.0")).toBe("### Added\n\n- Rooms.");
  expect(releaseNotes(CHANGELOG, "0.0.8")).toBe("- The first.");
});

test.each([
  ["0.3.0", "0 sections for 0.3.0"],
  ["0.2", "0 sections for 0.2"],
  ["0.1.1", "does not date 0.1.1"],
  ["0.1.0", "does not date 0.1.0"],
  ["0.0.9", "says nothing about 0.0.9"],
])("%s has none: %s", (version, message) => {
  expect(() => releaseNotes(CHANGELOG, version)).toThrow(message);
});

test("changes that no version has yet are not forgotten", () => {
  const more = CHANGELOG.replace("## [Unreleased]\n", "## [Unreleased]\n\n- New.\n");
  expect(() => releaseNotes(more, "0.2.0")).toThrow("still has unreleased changes");
});

test("a section that is there twice is refused", () => {
  expect(() => releaseNotes(`${CHANGELOG}\n## [0.2.0] - 2026-12-02\n\n- Again.\n`, "0.2.0")).toThrow(
    "2 sections for 0.2.0",
  );
});

test("the changelog has a section for the version of the package", () => {
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const changelog = readFileSync(join(root, "CHANGELOG.md"), "utf8");
  expect(changelog).toContain(`\n## [${version}]`);
});
