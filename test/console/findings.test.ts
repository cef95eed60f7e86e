/** What is wrong comes first, and each finding has a next step that a shell takes. */
import { expect, test } from "@jest/globals";
import type { ConsolePlace, QuarantineGroup } from "../../src/console/api.ts";
import { commandLine, shellWord } from "../../src/console/command-line.ts";
import { findingsOf } from "../../src/console/findings.ts";
import type { Drift, TableStatus } from "../../src/index.ts";
import { tableStatus } from "../support/table-status.ts";

const place: ConsolePlace = { kind: "folder", name: "my lake", option: "--lake 'my lake'" };

const HEALTHY = tableStatus();

const drift = (attribute: string, column: string | undefined): Drift => ({
  attribute,
  column: column === undefined ? undefined : { name: column, type: "bigint" },
  hidden: 3,
  values: 10,
  types: { N: 3 },
  wholeDigits: 2,
  fractionDigits: 2,
  sentence: `${attribute}: 3 of 10 values are not in SQL, or not whole: numbers`,
  line: undefined,
});

test("a healthy table has none", () => {
  expect(findingsOf(place, [HEALTHY], [])).toEqual([]);
});

test("the worst come first, of all tables", () => {
  const gap = {
    reason: "trimmed",
    detail: "records of a shard are gone",
    foundAtSeconds: 100,
    lostUntilSeconds: 50,
    snapshotAfterSeconds: 170,
  } as const;
  const held: QuarantineGroup = {
    table: "orders",
    reason: "no-key",
    meaning: "",
    records: 1_200,
    firstSeconds: 7,
    lastSeconds: 9,
    command: "",
  };
  const found = findingsOf(
    place,
    [
      { ...HEALTHY, drift: [drift("price", "price"), drift("note", undefined)] },
      { ...HEALTHY, table: "old", source: "other-name", openGaps: [gap] },
    ],
    [held],
  );
  expect(found.map(({ table, severity, title }) => `${severity} ${table}: ${title}`)).toEqual([
    "bad old: changes are missing",
    "warn orders: 1,200 records in quarantine",
    "warn orders: price: 3 of 10 values not in SQL",
    "note orders: 1 attribute without a column",
  ]);
  expect(found.map(({ command }) => command)).toEqual([
    "npx dynalake snapshot --source other-name --table old --lake 'my lake'",
    "npx dynalake replay 'my lake/orders/quarantine/'*/*.jsonl --table orders --lake 'my lake'",
    "npx dynalake schema drift --table orders --lake 'my lake'",
    "npx dynalake schema drift --table orders --lake 'my lake'",
  ]);
  expect(found[0]?.detail).toBe(
    "Records of a shard are gone. A snapshot taken after 1970-01-01 00:02 UTC repairs it.",
  );
});

test("drift of a deployment says since when it is there, once", () => {
  const found = { ...drift("price", "price"), atMost: true as const, sinceSeconds: 100 };
  const [finding] = findingsOf(place, [{ ...HEALTHY, drift: [found] }], []);
  expect(finding).toMatchObject({ title: "price: up to 3 of 10 values not in SQL", sinceSeconds: 100 });
  expect(finding?.detail).toMatch(/^Numbers, .* of type bigint; _unmapped has them\.$/);
});

test("many columns with drift are named up to four, and counted", () => {
  const all = Array.from({ length: 9 }, (_, i) => drift(`a${i}`, `a${i}`));
  const found = findingsOf(place, [{ ...HEALTHY, drift: all }], []);
  expect(found).toHaveLength(5);
  expect(found.at(-1)?.title).toBe("5 more columns with values not in SQL");
});

test("each finding of a table has its own id, which counts do not change", () => {
  const gap = (foundAtSeconds: number) =>
    ({
      reason: "trimmed",
      detail: "",
      foundAtSeconds,
      lostUntilSeconds: 1,
      snapshotAfterSeconds: 1,
    }) as const;
  const ids = (hidden: number) =>
    findingsOf(
      place,
      [
        {
          ...HEALTHY,
          openGaps: [gap(1), gap(2)],
          drift: ["addr1", "addr2"].map((name) => ({ ...drift(name, name), hidden })),
        },
      ],
      [],
    ).map(({ id }) => id);
  expect(ids(3)).toEqual(["gap-trimmed-1", "gap-trimmed-2", "drift-addr1", "drift-addr2"]);
  expect(ids(4)).toEqual(ids(3));
});

test("every state of a table that is not healthy has its finding", () => {
  const states: readonly Partial<TableStatus>[] = [
    { health: "unread" },
    { undelivered: { failedBatches: 1, unconverted: 2, waiting: 3 } },
    { schemaFile: { state: "pending", detail: "it was edited" } },
    { schemaFile: { state: "broken", detail: "it is not used" } },
  ];
  const found = states.map((state) => findingsOf(place, [{ ...HEALTHY, ...state }], []));
  expect(found.map(([first]) => `${first?.severity}: ${first?.title}`)).toEqual([
    "bad: the stream is not read",
    "bad: changes were put aside",
    "note: an edit of schema.json is waiting",
    "warn: schema.json is not used as it is",
  ]);
});

test.each([
  ["orders", "orders"],
  ["my lake", "'my lake'"],
  ["$(rm -rf /)", "'$(rm -rf /)'"],
  ["it's", "'it'\\''s'"],
  ["", "''"],
])("%j is a word of a shell as %j", (word, written) => {
  expect(shellWord(word)).toBe(written);
  expect(commandLine(place, word)).toBe(`npx dynalake ${written} --lake 'my lake'`);
});
