/** What must hold of a deployed table: its items are in SQL whole, or what is hidden of them is counted; and its record says so. */
import { hasToFollow } from "../../../src/aws/steps/follow-deployed-data.ts";
import { segmentDrift } from "../../../src/core/overlay/drift.ts";
import { type FoundRecord, readFound } from "../../../src/core/overlay/found-record.ts";
import { currentView, wireRows } from "../../../src/core/overlay/lake-view.ts";
import type { WireValue } from "../../../src/core/row/encoding.ts";
import { rowCodec, toItem } from "../../../src/core/row/row.ts";
import { type OpenTable, openTableOf } from "../../../src/core/table/open-table.ts";
import { itemText, readItem } from "../../../src/core/values/attribute-value.ts";
import { expectSettled } from "../../crash-points/following.ts";
import { TABLE } from "../../crash-points/world.ts";
import { checkDrift, faultText, shownRows, showsValue } from "../evolving-checks.ts";
import { plainRows } from "../evolving-engine.ts";
import { requireFollowed } from "../following.ts";
import { itemOf } from "../model-table.ts";
import { Wrong } from "../world.ts";
import type { DeployedWorld } from "./world.ts";

export function openedOf({ deployment }: DeployedWorld): Promise<OpenTable> {
  return openTableOf(deployment.store, deployment.schema);
}

export async function checkTable(world: DeployedWorld): Promise<void> {
  const { deployment, counts } = world;
  const opened = await openedOf(world);
  const { fault } = world.evolution.committed(opened.manifest, false);
  if (fault !== undefined) throw new Wrong("evolutions", fault);
  await checkItems(world, opened);
  const { engine } = deployment;
  const query = async (sql: string) => plainRows(await engine.rows(sql));
  const view = await currentView(engine, opened, undefined);
  const rows = await shownRows({ engine: { dialect: engine.dialect, query } }, opened, view);
  for (const row of rows) {
    const value = world.items.get(Number(row.k));
    if (showsValue(row, value) !== true)
      throw new Wrong("the view", `${row.k} is not ${value}${faultText(row)}`);
  }
  await checkDrift({ counts, engine }, opened, rows);
  await checkRecord(world, opened);
  await expectSettled(deployment);
}

/** Each item once, and whole. */
async function checkItems({ deployment, items }: DeployedWorld, opened: OpenTable): Promise<void> {
  const { engine } = deployment;
  const { schema } = opened;
  const codec = rowCodec(schema);
  const view = await currentView(engine, opened, undefined);
  const rows = await engine.rows(wireRows(engine, schema, view));
  const found = rows.map((row) => {
    const values = schema.columns.map(({ name }) => row[name] as WireValue);
    return itemText(toItem(codec, { values, unmapped: row._unmapped as string | null }));
  });
  const wanted = [...items].map(([key, value]) => itemText(readItem(itemOf(key, value))));
  const [is, was] = [found, wanted].map((texts) => texts.sort().join("\n"));
  if (is !== was) throw new Wrong("items", `${is}\nis not\n${was}`);
}

/** Once segments have been looked into, the record names whatever their columns hide. */
async function checkRecord(world: DeployedWorld, opened: OpenTable): Promise<void> {
  const { counts, deployment } = world;
  const { engine, nowSeconds, store } = deployment;
  const { manifest } = opened;
  const record = await readFound(store, TABLE);
  checkMoments(world, record);
  const { looks, wanted } = record;
  if (wanted !== undefined) counts.add("checks while a change waits");
  const seen = new Map(looks.flatMap(({ runs, found = [] }) => runs.map((run) => [run, found] as const)));
  for (const segment of manifest.segments) {
    const named = new Set(seen.get(segment.run)?.map(({ attribute }) => attribute));
    if (!seen.has(segment.run)) continue;
    for (const { attribute } of await segmentDrift(engine, opened, [segment]))
      if (!named.has(attribute))
        throw new Wrong(
          "the record",
          `${attribute} of ${segment.id} is hidden at ${nowSeconds} and not recorded`,
        );
  }
  counts.add("checks of the record");
}

/** What is found has the moment of its first look, however often it is looked for again, until none is left. */
function checkMoments(
  { counts, deployment, since: known }: DeployedWorld,
  { looks, since }: FoundRecord,
): void {
  const moments = new Map(Object.entries(since ?? {}));
  const found = looks.flatMap((look) => look.found ?? []).map(({ attribute }) => attribute);
  for (const attribute of found) {
    const atSeconds = moments.get(attribute);
    if (atSeconds === undefined || atSeconds > deployment.nowSeconds)
      throw new Wrong("the record", `${attribute} was first found at ${atSeconds}`);
    const before = known.get(attribute);
    if (before !== undefined && before !== atSeconds)
      throw new Wrong(
        "the record",
        `${attribute} was first found at ${atSeconds}, and before that at ${before}`,
      );
    if (before !== undefined && before < deployment.nowSeconds) counts.add("moments that stay");
  }
  for (const attribute of known.keys()) if (!moments.has(attribute)) counts.add("moments that go");
  // A look that failed could not tell what is still there.
  if (looks.every((look) => look.found !== undefined))
    for (const attribute of moments.keys())
      if (!found.includes(attribute))
        throw new Wrong("the record", `nothing is found of ${attribute} any more`);
  known.clear();
  for (const [attribute, atSeconds] of moments) known.set(attribute, atSeconds);
}

/** At the end, when nothing waits any more: columns have followed as far as `evolve` and types allow. */
export async function checkFollowed(world: DeployedWorld): Promise<void> {
  const { deployment, changes, items } = world;
  const context = await deployment.steps();
  if (await hasToFollow(context, 0)) throw new Wrong("following", "there is still something to follow");
  const opened = await openedOf(world);
  if (opened.schema.evolve === "none") return;
  for (const [key, value] of items)
    for (const entry of Object.entries(itemOf(key, value)))
      requireFollowed({ changes, countsDigits: false }, opened, entry);
  world.counts.add(`tables that follow ${opened.schema.evolve}`);
}
