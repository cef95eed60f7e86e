/** The columns of a deployed table that follow its data: found by a compaction, in Glue first, and then the table's. */
import { expect, test } from "@jest/globals";
import { deployedEdit } from "../../src/aws/deployed-change.ts";
import { commitStep } from "../../src/aws/steps/commit-step.ts";
import { followDeployedData, followedEdit, hasToFollow } from "../../src/aws/steps/follow-deployed-data.ts";
import { planCompaction } from "../../src/aws/steps/plan-compaction.ts";
import type { StepContext } from "../../src/aws/steps/step-context.ts";
import { deliver } from "../../src/core/delivery/deliver.ts";
import { DynalakeError } from "../../src/core/error.ts";
import { initialManifest } from "../../src/core/format/manifest.ts";
import type { WantedColumns } from "../../src/core/infer/wanted-columns.ts";
import { tableDrift } from "../../src/core/overlay/drift.ts";
import { foundDrift } from "../../src/core/overlay/found-drift.ts";
import { readFound } from "../../src/core/overlay/found-record.ts";
import {
  type AttributeFile,
  parseSchema,
  type Schema,
  type SchemaFile,
} from "../../src/core/schema/schema.ts";
import { openTableOf } from "../../src/core/table/open-table.ts";
import { type Deployment, filledDeployment } from "../crash-points/deployment.ts";
import {
  again,
  compactionMachine,
  Execution,
  type Invoker,
  snapshotMachine,
} from "../crash-points/machines.ts";
import { sessionOfTests } from "../crash-points/session.ts";
import {
  batchOf,
  type Change,
  deliveryContext,
  evolvingSchema,
  itemOf,
  NOW,
  recordOf,
  shown,
  TABLE,
} from "../crash-points/world.ts";

const session = sessionOfTests();

/** Prices of the table are whole in its base, and have cents in the stream; notes have no column. */
async function deployed(schema: Schema = evolvingSchema("bigint")): Promise<Deployment> {
  const deployment = await filledDeployment(session(), schema);
  deployment.deploy(schema, NOW - 1800);
  return deployment;
}

/** A compaction, so many seconds later. */
async function compact(deployment: Deployment, afterSeconds = 0): Promise<void> {
  deployment.nowSeconds += afterSeconds;
  expect(await compactionMachine(new Execution(deployment, again))).toBe("succeeded");
}

const opened = ({ store, schema }: Deployment) => openTableOf(store, schema);

async function types(deployment: Deployment): Promise<Readonly<Record<string, string | undefined>>> {
  const { schema } = await opened(deployment);
  const found = schema.columns.map(({ label, attribute }) => [
    label,
    schema.file.attributes[attribute]?.type,
  ]);
  return Object.fromEntries(found);
}

function inGlue({ catalog }: Deployment): readonly (string | undefined)[] {
  const { Columns = [] } = catalog.tables.get(`${TABLE}__changes`)?.StorageDescriptor ?? {};
  return Columns.map(({ Name }) => Name).filter((name) => !name?.startsWith("_"));
}

const BEFORE = { k: "int", v: "string", g: "string", p: "bigint" };
const AFTER = { ...BEFORE, p: "decimal(23,4)", n: "string" };

/** When what is found now was first found. */
async function moments(deployment: Deployment): Promise<Readonly<Record<string, number | undefined>>> {
  const found = foundDrift(await opened(deployment), await readFound(deployment.store, TABLE));
  return Object.fromEntries(found.map(({ attribute, sinceSeconds }) => [attribute, sinceSeconds]));
}

test("a look tells when something was first found, and later looks keep that", async () => {
  const deployment = await deployed(evolvingSchema("string", { evolve: "types" }));
  await compact(deployment);
  const { P: first } = await moments(deployment);
  expect(first).toBeGreaterThanOrEqual(NOW);
  expect(await moments(deployment)).toEqual({ N: first, P: first });
  // All rows are written anew, and what they hold is looked for again.
  deployment.source({ 1: "a1", 2: "b2" });
  await snapshotMachine(new Execution(deployment, again));
  await compact(deployment, 600);
  expect(await moments(deployment)).toEqual({ N: first, P: first });
});

test("when something was first found is forgotten once its columns hold it", async () => {
  const deployment = await deployed();
  await compact(deployment);
  expect(Object.keys(await moments(deployment))).toEqual(["N", "P"]);
  await compact(deployment, 1800);
  expect(await readFound(deployment.store, TABLE)).toMatchObject({ looks: [{ found: [] }], since: {} });
});

test("what a compaction finds is in Glue at once, and in the table once Firehose surely knows it", async () => {
  const deployment = await deployed();
  await compact(deployment);
  expect(inGlue(deployment)).toEqual(["k", "v", "g", "p", "p__decimal_23_4", "n"].sort(byGlue(deployment)));
  await compact(deployment, 1799);
  expect(await types(deployment)).toEqual(BEFORE);
  await compact(deployment, 1);
  expect(await types(deployment)).toEqual(AFTER);
  expect(await tableDrift(deployment.engine, await opened(deployment))).toEqual([]);
  // What was found is in its columns by now.
  expect(await readFound(deployment.store, TABLE)).toMatchObject({ looks: [{ found: [] }] });
  expect((await readFound(deployment.store, TABLE)).wanted).toBeUndefined();
});

test("segments that were written before their columns came are looked into as views show them", async () => {
  const deployment = await deployed();
  await compact(deployment);
  deployment.nowSeconds += 1800;
  const event = { table: TABLE, scope: "grown", settleSeconds: 0, done: ["minor", "major"] } as const;
  const planned = await planCompaction(await deployment.steps(), event);
  if (planned.step !== "stage") throw new Error("the schema waits");
  expect(planned.kind).toBe("schema");
  await commitStep(await deployment.steps(), planned.run);
  expect(await planCompaction(await deployment.steps(), planned.next)).toMatchObject({ step: "publish" });
  expect(await readFound(deployment.store, TABLE)).toMatchObject({ looks: [{ found: [] }] });
});

/** In whichever order they came. */
function byGlue(deployment: Deployment) {
  const names = inGlue(deployment);
  return (one: string, other: string) => names.indexOf(one) - names.indexOf(other);
}

test.each([
  ["types", { ...BEFORE, p: "decimal(23,4)" }],
  ["none", BEFORE],
] as const)("under %s, only what it allows follows, and the rest is drift", async (evolve, expected) => {
  const deployment = await deployed(evolvingSchema("bigint", { evolve }));
  await compact(deployment);
  await compact(deployment, 1800);
  expect(await types(deployment)).toEqual(expected);
  const { looks, wanted } = await readFound(deployment.store, TABLE);
  const found = looks.flatMap((look) => look.found ?? []).map(({ attribute }) => attribute);
  expect(found.includes("P")).toBe(evolve === "none");
  expect(wanted).toBeUndefined();
});

test("what comes while a change waits is followed afterwards", async () => {
  const deployment = await deployed(evolvingSchema("bigint", { evolve: "types" }));
  await compact(deployment);
  const file = { ...deployment.schema.file, evolve: "all" as const };
  deployment.schema = parseSchema(file, "a test");
  await compact(deployment, 900);
  expect(inGlue(deployment)).not.toContain("n");
  await compact(deployment, 900);
  expect((await types(deployment)).p).toBe("decimal(23,4)");
  // What the new column does not hold is looked for again.
  await compact(deployment, 1800);
  expect(await types(deployment)).toEqual(AFTER);
});

test("a column of that name and another type in Glue leaves the values where they are, and compactions go on", async () => {
  const deployment = await deployed();
  const name = `${TABLE}__segments`;
  const table = deployment.catalog.tables.get(name);
  const Columns = [...(table?.StorageDescriptor?.Columns ?? []), { Name: "n", Type: "double" }];
  deployment.catalog.tables.set(name, {
    ...table,
    Name: name,
    StorageDescriptor: { ...table?.StorageDescriptor, Columns },
  });
  await compact(deployment);
  await compact(deployment, 1800);
  expect(await types(deployment)).toEqual(BEFORE);
});

/** Values that the table's views show as text. */
async function texts(deployment: Deployment): Promise<readonly (readonly string[] | undefined)[]> {
  const { Columns = [] } = deployment.catalog.tables.get(TABLE)?.StorageDescriptor ?? {};
  const inView = Columns.flatMap(({ Name = "" }) => (Name.endsWith("__text") ? [Name] : []));
  return [(await opened(deployment)).manifest.texts, inView];
}

test("values of another kind are text beside their column from then on, and one commit is enough", async () => {
  const deployment = await deployed(evolvingSchema("string", { evolve: "types" }));
  expect(await texts(deployment)).toEqual([undefined, []]);
  await compact(deployment);
  expect(await texts(deployment)).toEqual([["P"], ["p__text"]]);
  const [shown, { manifest }] = [await texts(deployment), await opened(deployment)];
  await compact(deployment, 60);
  expect((await opened(deployment)).manifest.sequence).toBe(manifest.sequence);
  // A snapshot without such values takes the column from no statement.
  deployment.source({});
  await snapshotMachine(new Execution(deployment, again));
  await compact(deployment, 60);
  expect(await texts(deployment)).toEqual(shown);
});

test("nothing is text where nothing may appear, nor what waits for a wider column", async () => {
  const still = await deployed(evolvingSchema("string", { evolve: "none" }));
  const widening = await deployed();
  for (const deployment of [still, widening]) {
    await compact(deployment);
    expect(await texts(deployment)).toEqual([undefined, []]);
  }
  await compact(widening, 1800);
  expect(await texts(widening)).toEqual([undefined, []]);
});

test("a column that cannot widen, since Glue has one of that name, gets one of text", async () => {
  const deployment = await deployed(evolvingSchema("bigint", { evolve: "types" }));
  const name = `${TABLE}__segments`;
  const table = deployment.catalog.tables.get(name);
  const taken = { Name: "p__decimal_23_4", Type: "double" };
  const Columns = [...(table?.StorageDescriptor?.Columns ?? []), taken];
  const StorageDescriptor = { ...table?.StorageDescriptor, Columns };
  deployment.catalog.tables.set(name, { ...table, Name: name, StorageDescriptor });
  await compact(deployment);
  expect(await texts(deployment)).toEqual([["P"], ["p__text"]]);
});

function failing(context: StepContext, code: "ENGINE_FAILED" | "THROTTLED"): StepContext {
  const rows = () => Promise.reject(new DynalakeError(code, "no"));
  return { ...context, engine: { ...context.engine, rows } };
}

test("a record that is damaged ends no compaction, and is written anew", async () => {
  const deployment = await deployed();
  await compact(deployment);
  const { wanted } = await readFound(deployment.store, TABLE);
  await deployment.store.replace(`${TABLE}/found.json`, Buffer.from("{"));
  await compact(deployment, 60);
  expect(await readFound(deployment.store, TABLE)).toMatchObject({ wanted: { columns: wanted?.columns } });
});

test("a look that fails ends no compaction, and is repeated a few times", async () => {
  const deployment = await deployed();
  const context = await deployment.steps();
  await expect(followDeployedData(failing(context, "THROTTLED"))).rejects.toMatchObject({
    code: "THROTTLED",
  });
  for (const failures of [1, 2, 3]) {
    expect(await hasToFollow(context, 1800)).toBe(true);
    await followDeployedData(failing(context, "ENGINE_FAILED"));
    const { looks } = await readFound(deployment.store, TABLE);
    expect(looks).toEqual([{ runs: expect.any(Array), failures }]);
  }
  expect(await hasToFollow(context, 1800)).toBe(false);
  await followDeployedData(context);
  expect(inGlue(deployment)).not.toContain("n");
});

test("there is news for a tick while segments are not looked into, and when what waits has settled", async () => {
  const deployment = await deployed();
  const isNews = async () => hasToFollow(await deployment.steps(), 1800);
  expect(await isNews()).toBe(true);
  await compact(deployment);
  expect(await isNews()).toBe(false);
  deployment.nowSeconds += 1800;
  expect(await isNews()).toBe(true);
  await compact(deployment);
  expect(await isNews()).toBe(false);
});

/** What the deployed file orders of the table. */
async function orders(deployment: Deployment, file: SchemaFile) {
  return deployedEdit(await opened(deployment), parseSchema(file, "a test"));
}

/** Deploys a schema, and has it committed. */
async function deploy(deployment: Deployment, file: SchemaFile): Promise<void> {
  deployment.schema = parseSchema(file, "a test");
  expect(await orders(deployment, file)).toMatchObject({ kind: "pending" });
  await compact(deployment, 60);
  expect(await orders(deployment, file)).toBeUndefined();
}

test("a stale file takes nothing back that followed the data, and one that is rolled back orders nothing", async () => {
  const deployment = await deployed();
  const { file: first } = deployment.schema;
  const named = (name: string, more: Readonly<Record<string, AttributeFile>> = {}): SchemaFile => ({
    ...first,
    attributes: { ...first.attributes, G: { type: "string", name }, ...more },
  });
  const [second, third] = [named("group"), named("cluster")];
  await deploy(deployment, second);
  await compact(deployment, 1800);
  expect(await types(deployment)).toMatchObject({ group: "string", p: "decimal(23,4)", n: "string" });
  // It says what there is at least.
  expect(await orders(deployment, second)).toBeUndefined();
  expect(await orders(deployment, first)).toMatchObject({ kind: "earlier" });
  await deploy(deployment, third);
  expect(await types(deployment)).toMatchObject({ cluster: "string", p: "decimal(23,4)", n: "string" });
  for (const stale of [first, second])
    expect(await orders(deployment, stale)).toMatchObject({ kind: "earlier" });
  expect(await orders(deployment, third)).toBeUndefined();
});

test("a file that was deployed while types followed is known again after attributes have", async () => {
  const deployment = await deployed(evolvingSchema("bigint", { evolve: "types" }));
  const { file: first } = deployment.schema;
  const named = (name: string, evolve: "types" | "all"): SchemaFile => ({
    ...first,
    evolve,
    attributes: { ...first.attributes, G: { type: "string", name } },
  });
  const [second, third, fourth] = [named("group", "types"), named("set", "all"), named("cluster", "all")];
  await compact(deployment);
  await compact(deployment, 1800);
  for (const file of [second, third, fourth]) await deploy(deployment, file);
  deployment.source({ 1: "c3" });
  await snapshotMachine(new Execution(deployment, again));
  await compact(deployment, 60);
  await compact(deployment, 1800);
  expect(await types(deployment)).toMatchObject({ cluster: "string", p: "decimal(23,4)", n: "string" });
  for (const stale of [second, third])
    expect(await orders(deployment, stale)).toMatchObject({ kind: "earlier" });
});

test("items of a snapshot that were staged before a column became wider are in it", async () => {
  const deployment = await deployed();
  await compact(deployment);
  deployment.nowSeconds += 1800;
  const items = { 1: "a1", 2: "c2", 3: "b3", 4: "d4", 5: "a5" };
  deployment.source(items);
  let isStaged = false;
  const between: Invoker = async (invocation) => {
    const answer = await invocation();
    const staged = deployment.store.paths(`${TABLE}/staging/`).some((path) => path.includes("/rows/"));
    if (!staged || isStaged) return answer;
    isStaged = true;
    await compact(deployment);
    return answer;
  };
  await snapshotMachine(new Execution(deployment, between));
  expect([isStaged, await types(deployment)]).toEqual([true, AFTER]);
  expect(await shown(deployment)).toEqual(items);
});

test("what statements have no room for does not follow", () => {
  const schema = evolvingSchema("bigint");
  const table = { schema, manifest: { ...initialManifest(1), sequence: 1, schema: schema.file } };
  const moments = (count: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`at_${i}`, { type: "timestamp" }]));
  expect(followedEdit(table, { columns: moments(20) })?.added).toHaveLength(20);
  const added = followedEdit(table, { columns: moments(50) })?.added ?? [];
  expect(added.length).toBeGreaterThanOrEqual(20);
  expect(added.length).toBeLessThan(50);
});

/** A table whose prices need two digits behind the point, and leave room for them before it if no other has these digits. */
const far = (): Promise<Deployment> => deployed(evolvingSchema("decimal(38,1)", { evolve: "types" }));

/** All rows anew, one of them with a price of so many digits. */
async function replaceWith(deployment: Deployment, digits: number): Promise<void> {
  const items = { 1: "c3", 4: "a4" };
  const price = (key: number) => (key === 4 ? `1${"0".repeat(digits - 1)}` : "59.25");
  deployment.source(items, (key, value) => ({ ...itemOf(key, value), P: { N: price(key) } }));
  await snapshotMachine(new Execution(deployment, again));
}

/** Counts the statements that ask for the digits of values. */
function counting(deployment: Deployment): () => number {
  const { rows } = deployment.engine;
  let asked = 0;
  deployment.engine.rows = (sql) => {
    if (sql.includes('"max 0"')) asked++;
    return rows(sql);
  };
  return () => asked;
}

test("a decimal reaches further behind the point, once the digits before it were counted", async () => {
  const deployment = await far();
  await compact(deployment);
  expect((await readFound(deployment.store, TABLE)).wanted).toMatchObject({
    columns: { P: { type: "decimal(38,4)" } },
    wholeDigits: { P: 2 },
  });
  await compact(deployment, 1800);
  expect(await types(deployment)).toMatchObject({ p: "decimal(38,4)" });
  expect(await tableDrift(deployment.engine, await opened(deployment))).toMatchObject([{ attribute: "N" }]);
});

test("where a value needs the digits before the point the others are text, and nothing is counted again", async () => {
  const deployment = await far();
  await replaceWith(deployment, 37);
  const asked = counting(deployment);
  await compact(deployment);
  expect(asked()).toBe(3);
  const { looks, wanted } = await readFound(deployment.store, TABLE);
  expect([looks.map(({ wholeDigits }) => wholeDigits), wanted]).toEqual([[{ P: 37 }], undefined]);
  expect(await texts(deployment)).toEqual([["P"], ["p__text"]]);
  const { engine, nowSeconds, schema, store } = deployment;
  const cents: Change = { key: 6, sequence: 91, value: "c6", timeSeconds: nowSeconds };
  const context = deliveryContext({ schema }, { store, sink: engine.sink(schema) });
  await deliver(context, batchOf({ nowSeconds }, [recordOf(cents)]));
  await compact(deployment, 60);
  await compact(deployment, 1800);
  expect(asked()).toBe(3);
  expect(await types(deployment)).toMatchObject({ p: "decimal(38,1)" });
});

test("a value that comes while the column settles, and has no room in it, keeps its type and lets others come", async () => {
  const { file } = evolvingSchema("decimal(38,1)");
  const deployment = await deployed(parseSchema(file, "a test"));
  await compact(deployment);
  expect((await readFound(deployment.store, TABLE)).wanted?.columns).toHaveProperty("P");
  await replaceWith(deployment, 37);
  await compact(deployment, 1800);
  expect(await types(deployment)).toEqual({ ...BEFORE, p: "decimal(38,1)", n: "string" });
  await compact(deployment, 60);
  expect(await texts(deployment)).toEqual([["P"], ["p__text"]]);
  expect((await readFound(deployment.store, TABLE)).wanted).toBeUndefined();
});

test("what the engine cannot count has no room, and ends no compaction", async () => {
  for (const before of ["the look", "the commit"]) {
    const deployment = await far();
    if (before === "the commit") await compact(deployment);
    const { rows } = deployment.engine;
    deployment.engine.rows = (sql) =>
      sql.includes('"max 0"') ? Promise.reject(new DynalakeError("ENGINE_FAILED", "no")) : rows(sql);
    await compact(deployment, 1800);
    expect(await types(deployment)).toMatchObject({ p: "decimal(38,1)" });
    expect(await texts(deployment)).toEqual([["P"], ["p__text"]]);
  }
});

const fields = Array.from({ length: 90 }, (_, i) => `at_${i}:timestamp`).join(",");

test.each<[string, WantedColumns, AttributeFile]>([
  ["is too wide for statements", { wide: { type: `struct<${fields}>` } }, { type: "bigint" }],
  ["has no room for what is there by now", { P: { type: "decimal(23,4)" } }, { type: "decimal(38,2)" }],
  [
    "has a name that is taken by now",
    { größe: { type: "string", name: "größe" } },
    { type: "bigint", name: "grosse" },
  ],
])("a column that %s keeps no other one away", (_, refused, P) => {
  const { file } = evolvingSchema("bigint");
  const schema = parseSchema({ ...file, attributes: { ...file.attributes, P } }, "a test");
  const table = { schema, manifest: { ...initialManifest(1), sequence: 1, schema: schema.file } };
  const notes = { n: { type: "string" }, o: { type: "string" } };
  for (const columns of [
    { ...refused, ...notes },
    { ...notes, ...refused },
  ]) {
    const edit = followedEdit(table, { columns });
    expect([edit?.added, edit?.widened]).toEqual([["n", "o"], []]);
  }
});
