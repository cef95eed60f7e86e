/** What works on the lake tables of a source in a deployment, beside its stream function. */
import type { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import type { AwsLake } from "../../../src/aws/aws-lake.ts";
import { AWS_DELIVERY_DELAY_SECONDS, awsPolicy } from "../../../src/aws/aws-policy.ts";
import type { Deployment } from "../../../src/aws/deployment.ts";
import { requireSource } from "../../../src/aws/registry.ts";
import { beginRun } from "../../../src/aws/steps/begin-run.ts";
import { type LookContext, lookAtSource } from "../../../src/aws/steps/look-at-source.ts";
import { tick } from "../../../src/aws/tick/tick.ts";
import { compactMajor, compactMinor } from "../../../src/core/compaction/compact.ts";
import { seed } from "../../../src/core/compaction/seed.ts";
import { EXPORT_FUZZ_SECONDS } from "../../../src/core/exports/export-manifest.ts";
import { failedBatchesFolder } from "../../../src/core/format/lake-path.ts";
import { rowCodec } from "../../../src/core/row/row.ts";
import { itemLine, itemWireColumns, lineWriter } from "../../../src/core/row/wire-line.ts";
import type { OpenedStack } from "../../../src/stack/open-stack.ts";
import { replayIntoDeployment } from "../../../src/stack/replay.ts";
import type { Random } from "../../support/random.ts";
import { gatedEngine, gatedStore } from "../actors.ts";
import { itemOf } from "../model-table.ts";
import { FUZZ_SECONDS } from "../rule.ts";
import { firehoseOf } from "./instance.ts";
import { type LakeTable, MASK_KEY, SOURCE } from "./lake-table.ts";
import { MAPPING, SOURCE_ARN } from "./source-stream.ts";
import type { TakenExport, Work } from "./work.ts";
import { CATALOG, type SeveralWorld } from "./world.ts";

/** What the functions of a lake reach. */
function contextOf(world: SeveralWorld, work: Work): LookContext {
  const stepFunctions = {
    send: async ({ constructor: { name }, input }: Sent) => {
      if (name === "ListExecutionsCommand") return { executions: [] };
      if (name === "DescribeExecutionCommand")
        return { status: world.isAtWork(input.executionArn as string) ? "RUNNING" : "SUCCEEDED" };
      const { table, first = false } = JSON.parse(input.input as string);
      const isSnapshot = input.stateMachineArn === "snapshot";
      world.startOthers(isSnapshot ? { kind: "snapshot", table, first } : { kind: "compaction", table });
      return {};
    },
  };
  const lambda = {
    send: async ({ constructor: { name }, input }: Sent) => {
      if (name === "GetEventSourceMappingCommand")
        return { EventSourceArn: `${SOURCE_ARN}/stream/0`, State: "Enabled", LastModified: new Date(0) };
      const { feed, step } = JSON.parse(input.Payload as string);
      if (feed !== undefined) world.startOthers({ kind: "feed", table: feed });
      if (step === "look") world.startOthers({ kind: "look" });
      return {};
    },
  };
  const cloudWatch = {
    send: async () => ({
      Datapoints: [{ Timestamp: new Date(world.nowSeconds * 1000), Maximum: world.unreadSeconds() * 1000 }],
    }),
  };
  const Table = { LatestStreamArn: `${SOURCE_ARN}/stream/0`, StreamSpecification: { StreamEnabled: true } };
  const dynamodb: Pick<DynamoDBClient, "send"> = { send: async () => ({ Table }) };
  return {
    store: gatedStore(world.store, work.actor),
    engine: { ...gatedEngine(world.engine, work.actor), catalog: CATALOG },
    clients: { stepFunctions, dynamodb },
    bucket: "lake",
    lambda,
    cloudWatch,
    newRunId: world.newRunOf(work),
    nowSeconds: () => world.nowSeconds,
  } as unknown as LookContext;
}

/** A command of the SDK. */
interface Sent {
  readonly constructor: { readonly name: string };
  readonly input: Readonly<Record<string, unknown>>;
}

export async function startTick(world: SeveralWorld): Promise<Work> {
  const work = world.newWork("tick");
  const context = { ...contextOf(world, work), cleanFunction: "clean" };
  await world.start(work, () => tick(context));
  return work;
}

/** After a look, whatever a table lacks is told. */
export async function startLook(world: SeveralWorld): Promise<Work> {
  const { nowSeconds: beganSeconds } = world;
  let isWhole = false;
  const work = world.newWork("look", {
    onEnd: () => {
      if (!isWhole) return;
      for (const table of world.deployed) if (table.configuredSeconds < beganSeconds) table.isLookedAt = true;
    },
  });
  await world.start(work, async () => {
    const context = contextOf(world, work);
    const { failures } = await lookAtSource(context, await requireSource(context.store, SOURCE));
    isWhole = failures.length === 0;
  });
  return work;
}

/** The first steps of a snapshot's execution: each of its tables is seeded by itself. */
export async function startSnapshot(
  world: SeveralWorld,
  random: Random,
  table: string,
  first: boolean,
): Promise<Work> {
  const work = world.newWork("snapshot");
  const execution = work.actor.name;
  await world.start(work, async () => {
    const context = contextOf(world, work);
    const begun = await beginRun(context, { kind: "snapshot", table, execution, first });
    if (begun.go !== "export") return;
    const items = world.exportedItems(random, FUZZ_SECONDS);
    const taken: TakenExport = { exportTimeSeconds: world.nowSeconds, items, execution };
    if (begun.tables.length > 1) world.counts.add("exports for several tables");
    for (const name of begun.tables) world.startOthers({ kind: "seed", table: name, taken });
  });
  return work;
}

export async function startSeed(world: SeveralWorld, name: string, taken: TakenExport): Promise<Work> {
  const table = world.tableNamed(name);
  const work = world.newWork(`seed of ${name}`, { table, taken, secondsMax: 3000 });
  const own = [...taken.items].filter(([, value]) => table.design.has(value));
  const { exportTimeSeconds } = taken;
  const run = world.newRunOf(work)();
  await world.start(work, () => {
    const { store, engine, nowSeconds } = contextOf(world, work);
    return seed({
      store,
      engine,
      schema: table.schema,
      run,
      staged: stagedRelation(world, table, own),
      items: own.length,
      exportTimeSeconds,
      cutSeconds: exportTimeSeconds - EXPORT_FUZZ_SECONDS,
      deliveryDelaySeconds: AWS_DELIVERY_DELAY_SECONDS,
      nowSeconds,
    });
  });
  return work;
}

/** A relation with the rows that a snapshot of the table has. */
export function stagedRelation(
  { engine }: Pick<SeveralWorld, "engine">,
  { schema }: LakeTable,
  items: readonly (readonly [number, string])[],
): string {
  const writer = lineWriter(rowCodec(schema, MASK_KEY));
  const columns = itemWireColumns(schema);
  return engine.relation(
    columns.map(({ name, type }) => ({ name, typeName: engine.dialect.wireTypeName(type) })),
    () =>
      items.map(([key, value]) => {
        const row = JSON.parse(itemLine(writer, itemOf(key, value)) as string);
        return Object.fromEntries(columns.map(({ name }) => [name, row[name] ?? null]));
      }),
  );
}

/** `random`: decides of which kind it is; without it, all that is in the change log is folded. */
export async function startCompaction(world: SeveralWorld, name: string, random?: Random): Promise<Work> {
  const table = world.tableNamed(name);
  const work = world.newWork(`compaction of ${name}`, { table });
  const isMajor = random !== undefined && random.next() < 0.2;
  const settleSeconds = random?.choice([0, 60, 600]) ?? 0;
  const policy = { ...awsPolicy(settleSeconds), majorRowsMin: 1, majorShare: 0.3 };
  await world.start(work, async () => {
    const context = { ...contextOf(world, work), schema: table.schema, policy };
    await (isMajor ? compactMajor(context, "grown") : compactMinor(context));
  });
  return work;
}

/** `dynalake replay --stack` with the source's failed batches, by one of its tables. */
export async function startReplay(world: SeveralWorld, table: LakeTable, folder: string): Promise<Work> {
  const work = world.newWork("replay");
  const around = { store: world.store, tables: world.tables, nowSeconds: () => world.nowSeconds };
  await world.start(work, () => {
    const store = gatedStore(world.store, work.actor);
    const lake = { store, clients: { firehose: firehoseOf(around, () => work.actor) } } as unknown as AwsLake;
    const stack = { lakeOf: () => lake, signal: new AbortController().signal } as unknown as OpenedStack;
    const deployment = {
      table: table.name,
      bucket: "lake",
      source: SOURCE,
      sourceTableArn: SOURCE_ARN,
      eventSourceMapping: MAPPING,
      mappingIds: [MAPPING] as readonly string[],
      deliveryStream: table.deliveryStream,
    } as Deployment;
    const file = { name: `s3://lake/${folder}`, path: "" };
    const given = {
      files: [file],
      maskKey: MASK_KEY,
      partial: false,
      dryRun: false,
      anySource: false,
      onProgress: () => undefined,
    };
    return replayIntoDeployment(stack, deployment, given);
  });
  return work;
}

/** Where batches of the source are put aside. */
export function putAside(world: SeveralWorld): readonly string[] {
  return world.store.paths(failedBatchesFolder(MAPPING));
}
