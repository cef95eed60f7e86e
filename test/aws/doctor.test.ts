/** `dynalake doctor --stack` on a deployment: what it shows of all that it relies on. */
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import type { DoubtAnswer } from "../../src/core/doctor/answer.ts";
import type { Doubt } from "../../src/core/doctor/doubts.ts";
import type { Ended } from "../support/cli.ts";
import { dynalakeProcess } from "../support/cli-process.ts";
import type { AwsEmulator } from "./support/emulator.ts";
import { DeployedTable, type StoredItem } from "./support/reviews.ts";
import { openWorld } from "./support/world.ts";

let emulator: AwsEmulator;
let examined: DeployedTable;

beforeAll(async () => {
  const world = await openWorld("examined");
  emulator = world.emulator;
  examined = world.tables.examined;
});

afterAll(() => examined?.close());

const review = (user: number, rating: number): StoredItem => ({
  User: { S: `user ${user}` },
  Book: { S: "Mort" },
  Rating: { N: String(rating) },
});

function doctor(stack: string, ...more: readonly string[]): Promise<Ended> {
  return dynalakeProcess(["doctor", "--stack", stack, ...more], {
    env: emulator.environment,
    secondsMax: 480,
  });
}

test("a deployment that works shows most of what it relies on, and nothing else than that", async () => {
  await examined.put(...Array.from({ length: 30 }, (_, i) => review(i, i % 5)));
  await examined.seeded();
  await examined.delivered(() => examined.putMany(Array.from({ length: 25 }, (_, i) => review(i, 1))));
  await examined.put(review(1, 2), review(1, 3), review(2, 4));
  await examined.becomesEqual();
  expect(await examined.compacted()).toMatchObject({ status: "SUCCEEDED" });
  const ended = await doctor("DynalakeExamined", "--json");
  expect(ended).toMatchObject({ code: 0, stderr: "" });
  const { answers, counts } = JSON.parse(ended.stdout);
  const wrong = (answers as readonly DoubtAnswer[]).filter(({ verdict }) => verdict === "contradicted");
  expect({ counts, wrong }).toEqual({
    counts: { contradicted: 0, "not seen": 20, seen: 17 },
    wrong: [],
  });
  expect(
    (answers as readonly DoubtAnswer[]).filter(({ verdict }) => verdict === "seen").map(({ doubt }) => doubt),
  ).toEqual([
    "order-of-changes",
    "mapping-state",
    "stream-label",
    "export-manifest",
    "distributed-map",
    "late-delivery",
    "projection",
    "partitions-read",
    "own-locations",
    "segment-names",
    "unload",
    "statement-token",
    "glue-views",
    "custom-resources",
    "asynchronous-invocations",
    "name-patterns",
    "machine-limits",
  ] satisfies readonly Doubt[]);
});

test("it writes only into its own table, which is empty afterwards", async () => {
  const refused = await doctor("DynalakeExamined", "--write");
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toContain('only on the doctor\'s own table, not on "examined"');
  const own = await DeployedTable.open(emulator, "DynalakeDoctor");
  await own.seeded();
  const ended = await doctor("DynalakeDoctor", "--write", "--json");
  const { answers } = JSON.parse(ended.stdout) as { readonly answers: readonly DoubtAnswer[] };
  const wrong = answers.filter(({ verdict }) => verdict === "contradicted");
  expect({ wrong, stderr: ended.stderr, code: ended.code }).toEqual({ wrong: [], stderr: "", code: 0 });
  const evidence = new Map(answers.map((answer) => [answer.doubt, `${answer.verdict}: ${answer.evidence}`]));
  const tried: Readonly<Partial<Record<Doubt, string>>> = {
    "conditional-create": "seen: one of 8 writers at the same time won",
    "hidden-folders": "seen: a row in such a folder was found",
    "version-id": "seen: Glue refused an update with an old version",
    "exact-casts":
      "seen: 2,009 items, with values of every type, are the same in the lake: by the stream, and after a snapshot of them",
    "export-manifest": "seen: an export of 2,009 items has as many by its manifest",
    "distributed-map": "seen: a map gave the files of an export of 2,009 items to functions",
    "refused-values":
      "seen: a row that does not fit went to errors/; the other row of its record went there with it",
    "error-files": "seen: replayed from there, the row that fits is in the log, the other in quarantine",
    "alarm-actions": "seen: the alarm went off, and its history says that its action ran",
    "alarm-mail": 'not seen: nothing but an inbox shows it: look for a mail about the alarm "DynalakeDoctor"',
  };
  const names = Object.keys(tried) as Doubt[];
  expect(Object.fromEntries(names.map((name) => [name, evidence.get(name)]))).toEqual(tried);
  expect(await own.scanned()).toEqual([]);
  for (const folder of ["_doctor/", "dynalake_doctor/errors/", "dynalake_doctor/quarantine/"])
    expect(await own.lake.store.list(folder)).toEqual([]);
  own.close();
});
