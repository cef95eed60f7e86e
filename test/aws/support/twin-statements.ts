/**
 * The statements for the lake of a simulated history at one moment, in both dialects. The core's functions make each statement
 * twice, once per dialect, and the rows that it reads are part of it.
 */

import { unloadStatements } from "../../../src/aws/unload.ts";
import type { CompactionContext } from "../../../src/core/compaction/compaction-context.ts";
import { DEFAULT_POLICY } from "../../../src/core/compaction/compaction-policy.ts";
import { planMajor } from "../../../src/core/compaction/major-plan.ts";
import { planMinor } from "../../../src/core/compaction/minor-plan.ts";
import type { Plan } from "../../../src/core/compaction/plan.ts";
import { planSeed } from "../../../src/core/compaction/seed.ts";
import { partColumn } from "../../../src/core/format/lake-path.ts";
import type { Manifest } from "../../../src/core/format/manifest.ts";
import { recoverableColumns } from "../../../src/core/format/recovery.ts";
import {
  currentView,
  historyViews,
  type LakeView,
  snapshotsView,
  standingView,
  wireRows,
} from "../../../src/core/overlay/lake-view.ts";
import { literal, quoted } from "../../../src/core/ports/dialect.ts";
import type { Stage } from "../../../src/core/ports/query-engine.ts";
import type { Schema } from "../../../src/core/schema/schema.ts";
import { schemaOf } from "../../../src/core/schema/schema-change.ts";
import { athena } from "../../../src/core/sql/athena.ts";
import { repeatedKeys } from "../../../src/core/sql/compaction.ts";
import { listChanges } from "../../../src/core/table/change-listing.ts";
import { latestManifest } from "../../../src/core/table/commits.ts";
import { keptSnapshots } from "../../../src/core/table/kept-snapshots.ts";
import { type OpenTable, openTableOf, tableAsOf } from "../../../src/core/table/open-table.ts";
import { type Evaluated, ModelEngine } from "../../simulator/model-engine.ts";
import type { SqlRow } from "../../simulator/sql-evaluation.ts";
import { TABLE, type World } from "../../simulator/world.ts";
import type { Random } from "../../support/random.ts";

export const FORMS = [
  "view",
  "view as of then",
  "history",
  "snapshots",
  "minor",
  "minor with late changes",
  "minor with deltas",
  "major",
  "major of grown parts",
  "seed",
  "oldest late change",
  "newest change",
  "parts",
  "keys of parts",
  "overtaken keys",
  "repeated keys",
] as const;
export type Form = (typeof FORMS)[number];

/** One statement in both dialects. */
export interface Twins {
  readonly form: Form;
  /** Whether it reads columns that were declared later from `_unmapped`. */
  readonly recovers: boolean;
  readonly names: readonly string[];
  readonly duckdb: Statement;
  readonly athena: Statement;
}

/** A statement with only text columns, and the rows that it reads. */
export type Statement = Pick<Evaluated, "sql" | "relations">;

/** A statement in one dialect. */
interface Made {
  readonly form: Form;
  readonly recovers: boolean;
  readonly names: readonly string[];
  readonly sql: string;
}

type Make = (engine: ModelEngine) => Promise<readonly Made[]>;

/** Every statement that the lake can run now. */
export async function twinStatements(world: World, random: Random): Promise<readonly Twins[]> {
  const manifest = await latestManifest(world.store, TABLE);
  const schema = schemaOf(manifest.schema, await world.currentSchema());
  const moment = { world, manifest, schema };
  const makes = [
    viewsOf(moment),
    asOf(moment, random),
    minorOf(moment, random),
    majorOf(moment),
    majorOfGrownParts(moment, random),
    seedOf(moment, random.choice(world.schemas)),
    repeatedKeysOf(moment),
  ];
  const all: Twins[] = [];
  for (const make of makes) all.push(...(await inBothDialects(world, make)));
  return all;
}

interface Moment {
  readonly world: World;
  readonly manifest: Manifest;
  readonly schema: Schema;
}

/** Also compares the queries of plans: the plan over Athena gets the answers that the plan over DuckDB got. */
async function inBothDialects(world: World, make: Make): Promise<readonly Twins[]> {
  const ours = new ModelEngine(world.store);
  const theirs = new ModelEngine(world.store, athena);
  const asked: Made[] = [];
  const answers: (readonly SqlRow[])[] = [];
  ours.rows = async (sql) => {
    const rows = ours.query(sql);
    answers.push(rows);
    asked.push(question(sql));
    return rows;
  };
  const made = await make(ours);
  const askedThere: Made[] = [];
  theirs.rows = async (sql) => answers[askedThere.push(question(sql)) - 1] ?? [];
  const madeThere = [...(await make(theirs)), ...askedThere];
  return [...made, ...asked].map(({ sql, ...one }, i) => ({
    ...one,
    duckdb: statement(ours, one.names, sql),
    athena: statement(theirs, one.names, madeThere[i]?.sql as string),
  }));
}

/** A query of a plan, recognized by its columns. */
function question(sql: string): Made {
  const questions: readonly (readonly [RegExp, Form, readonly string[]])[] = [
    [/ AS oldest FROM /, "oldest late change", ["oldest"]],
    [/ AS newest FROM /, "newest change", ["newest"]],
    [/^SELECT part, count\(DISTINCT _key\) AS keys FROM /, "keys of parts", ["part", "keys"]],
    [/^SELECT count\(\*\) AS keys FROM /, "overtaken keys", ["keys"]],
  ];
  const [, form, names] = questions.find(([pattern]) => pattern.test(sql)) ?? [undefined, "parts", ["part"]];
  return { form: form as Form, recovers: false, names: names as readonly string[], sql };
}

function statement(engine: ModelEngine, names: readonly string[], sql: string): Statement {
  const text = engine.dialect.typeName({ kind: "string" });
  const columns = names.map((name) => `CAST(${quoted(name)} AS ${text}) AS ${quoted(name)}`);
  return { sql: `SELECT ${columns.join(", ")} FROM (${sql})`, relations: engine.relationsOf(sql) };
}

function viewsOf(moment: Moment): Make {
  const { world, manifest, schema } = moment;
  return async (engine) => {
    const table = { schema, manifest, changes: listChanges(world.store, TABLE) };
    const [history] = await historyViews(engine, table);
    const snapshots = snapshotsView(engine, schema, await keptSnapshots(world.store, table));
    const inTime = { ddb_export_timestamp: engine.dialect.timeWire("ddb_export_timestamp") };
    const shown = (form: Form, view: LakeView | undefined, others: Others = {}): Made =>
      inText(moment, engine, form, view?.sql as string, others);
    return [
      shown("view", await standingView(engine, table)),
      shown("history", history, { dt: "dt", hr: "hr" }),
      shown("snapshots", snapshots, inTime),
    ];
  };
}

/** Times after a horizon are chosen from these, so that statements of many lakes differ only in their clocks. */
const LATER_SECONDS = [1, 10, 60, 300, 1200, 3600, 10_000, 50_000, 200_000] as const;

/** At a time for which a commit is kept. */
function asOf({ world, schema }: Moment, random: Random): Make {
  const from = Math.max(world.keptSinceSeconds, world.settings.startSeconds);
  const times = world.commits.flatMap(({ committedAtSeconds, horizonSeconds }, i) => {
    const below = world.commits[i + 1]?.committedAtSeconds ?? Number.POSITIVE_INFINITY;
    const all = [committedAtSeconds, ...LATER_SECONDS.map((seconds) => horizonSeconds + seconds)];
    return all
      .filter((seconds) => seconds >= Math.max(from, committedAtSeconds) && seconds < below)
      .slice(-3);
  });
  const seconds = times.length === 0 ? undefined : random.choice(times);
  return async (engine) => {
    if (seconds === undefined) return [];
    const then = await tableAsOf(world.store, await openTableOf(world.store, schema), seconds);
    const { sql } = await currentView(engine, then, seconds);
    return [inText({ world, ...then }, engine, "view as of then", sql)];
  };
}

function minorOf(moment: Moment, random: Random): Make {
  const { world, manifest } = moment;
  const newest = Math.max(0, ...world.log.flat().map(({ timeSeconds }) => timeSeconds)) + 1;
  const later = LATER_SECONDS.findLast((seconds) => manifest.horizonSeconds + seconds <= newest) ?? 0;
  const horizonSeconds = manifest.horizonSeconds === 0 ? newest : manifest.horizonSeconds + later;
  const policy = {
    ...DEFAULT_POLICY,
    settleSeconds: world.nowSeconds - horizonSeconds,
    deltasMax: random.choice([1, 8]),
  };
  return async (engine) => {
    const planned = await planMinor({ ...compactionOf(moment, engine), policy }, await openedAt(moment));
    const { rows = "" } = planned?.stages[0] ?? {};
    const takesDeltas = planned?.change.kind === "minor" && planned.change.takesDeltas;
    const isLate = rows.includes("_key IN (SELECT _key FROM");
    const form = isLate ? "minor with late changes" : takesDeltas ? "minor with deltas" : "minor";
    return stagesOf(moment, engine, form, planned);
  };
}

function majorOf(moment: Moment): Make {
  return async (engine) => {
    const planned = await planMajor(compactionOf(moment, engine), await openedAt(moment), "all");
    return stagesOf(moment, engine, "major", planned);
  };
}

/** With other parts beside them, whose keys stay in a delta. */
function majorOfGrownParts(moment: Moment, random: Random): Make {
  const grown = {
    majorDeltas: 1,
    majorRowsMin: random.choice([1, 2]),
    majorShare: random.choice([0.1, 0.5]),
  };
  return async (engine) => {
    const compaction = compactionOf(moment, engine);
    const policy = { ...DEFAULT_POLICY, ...grown };
    const planned = await planMajor({ ...compaction, policy }, await openedAt(moment), "grown");
    return stagesOf(moment, engine, "major of grown parts", planned);
  };
}

function openedAt({ world, schema }: Moment): Promise<OpenTable> {
  return openTableOf(world.store, schema);
}

function compactionOf({ world, schema }: Moment, engine: ModelEngine): CompactionContext {
  const { store, nowSeconds } = world;
  return {
    store,
    engine,
    schema,
    policy: DEFAULT_POLICY,
    newRunId: () => "run",
    nowSeconds: () => nowSeconds,
  };
}

/** A snapshot of the table's current items, with a schema that some process may still use. */
function seedOf({ world, manifest }: Moment, schema: Schema): Make {
  const moment = { world, manifest, schema };
  const rows = new Map(world.table.truth);
  return async (engine) => {
    const seeding = {
      ...compactionOf(moment, engine),
      run: "run",
      staged: engine.staged(schema, rows),
      items: rows.size,
      exportTimeSeconds: world.nowSeconds,
      cutSeconds: world.nowSeconds,
      deliveryDelaySeconds: DEFAULT_POLICY.deliveryDelaySeconds,
      snapshotsKept: 1,
    };
    const planned = await planSeed(seeding, manifest);
    return stagesOf(moment, engine, "seed", planned);
  };
}

/** Keys that several deltas contain. */
function repeatedKeysOf({ manifest, schema }: Moment): Make {
  return async (engine) => [
    {
      form: "repeated keys",
      recovers: false,
      names: ["repeated"],
      sql: repeatedKeys(engine.segments(schema, manifest.segments)),
    },
  ];
}

function stagesOf(
  moment: Moment,
  engine: ModelEngine,
  form: Form,
  planned: Plan | undefined,
): readonly Made[] {
  const others = { ...keyOf(engine), part: quoted(partColumn([])) };
  // Without rows, a cut by values has no parts, and nothing is staged.
  const stages = planned?.stages.filter(({ cut }) => cut.parts.length > 0) ?? [];
  return stages.map((stage) =>
    inText(moment, engine, form, stagedRowsOf(engine, moment.schema, stage), others),
  );
}

/** The rows of segments with their parts: part by part for DuckDB, from the UNLOAD statements for Athena. */
function stagedRowsOf({ dialect }: ModelEngine, schema: Schema, stage: Stage): string {
  if (dialect === athena) {
    const unloads = unloadStatements("bucket", schema, [stage], 0);
    return unloads.map((sql) => /^UNLOAD \((.*)\)\nTO '/s.exec(sql)?.[1]).join("\nUNION ALL\n");
  }
  const parts = stage.cut.parts.map(({ part, where }) => {
    const filter = where === undefined ? "" : ` WHERE ${where}`;
    return `SELECT *, ${literal(part)} AS ${quoted(partColumn([]))} FROM (${stage.rows})${filter}`;
  });
  return parts.join("\nUNION ALL\n");
}

/** Additional columns: expressions by name. */
type Others = Readonly<Record<string, string>>;

function keyOf({ dialect }: ModelEngine): Others {
  return { _key: dialect.keyWire("_key") };
}

/** The rows of a statement that has a view's columns, in wire form. */
function inText(
  { world, manifest, schema }: Moment,
  engine: ModelEngine,
  form: Form,
  sql: string,
  others: Others = {},
): Made {
  const more: Others = {
    _op: "_op",
    _version: "_version",
    _changed_at: engine.dialect.timeWire("_changed_at"),
    _expired: "_expired",
    ...others,
  };
  const expressions = Object.entries(more).map(([name, expression]) => `${expression} AS ${quoted(name)}`);
  // If the same change was written with two schemas, its rows differ only in `_unmapped`: either may be chosen.
  const unmapped = world.schemas.length > 1 ? [] : ["_unmapped"];
  return {
    form,
    recovers: recoverableColumns(manifest).size > 0,
    names: [...schema.columns.map(({ name }) => name), ...unmapped, ...Object.keys(more)],
    sql: wireRows(engine, schema, { name: TABLE, sql }, expressions),
  };
}
