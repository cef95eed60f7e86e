/** Replays recorded events into a deployed lake table: they go to Firehose, as the stream function sends them. */
import type { AwsLake } from "../aws/aws-lake.ts";
import type { Deployment } from "../aws/deployment.ts";
import { firehoseSink } from "../aws/firehose-sink.ts";
import { deployedTablesOf } from "../aws/registry.ts";
import { sourceOfArn } from "../core/change/named-source.ts";
import { addQuarantined, addUndeliverable, HeldChanges } from "../core/delivery/held-changes.ts";
import {
  addedTotals,
  foreseenReplay,
  NOTHING_REPLAYED,
  type Recording,
  type ReplayContext,
  type ReplayProgress,
  type ReplayTotals,
  recordBatches,
  replayRecording,
} from "../core/delivery/recording.ts";
import { DynalakeError } from "../core/error.ts";
import { FIREHOSE_LIMITS } from "../core/row/pack-lines.ts";
import { rowCodec } from "../core/row/row.ts";
import { lineWriter } from "../core/row/wire-line.ts";
import { latestManifest } from "../core/table/commits.ts";
import { wasServed } from "../core/table/served-intervals.ts";
import { TableSources } from "../core/table/table-sources.ts";
import type { GivenFile } from "../files/given-file.ts";
import { readRecordedFile } from "../files/recorded-file.ts";
import { nowSeconds } from "../sdk/new-run-id.ts";
import { deployedTable, type OpenedStack } from "./open-stack.ts";
import { failedAtSeconds, isAddress, objectsAt, readObject, wasPutAside } from "./recorded-objects.ts";

export interface DeployedReplay {
  /** Files of this machine, and addresses in the lake's bucket. */
  readonly files: readonly GivenFile[];
  readonly maskKey: Uint8Array | undefined;
  /** Changes are delivered although newer ones of their items are held. */
  readonly partial: boolean;
  /** Records count whatever source they name. */
  readonly anySource: boolean;
  /** Nothing is sent, and nothing leaves the bucket. */
  readonly dryRun: boolean;
  readonly onProgress: (progress: ReplayProgress) => void;
}

export interface ReplayedIntoDeployment {
  readonly totals: ReplayTotals;
  /** Some changes are older than what was compacted last: the next compaction shows them. */
  readonly hasLateChanges: boolean;
}

/** Firehose takes about a mebibyte a second; a batch of a large file may need minutes. */
const GIVE_UP_SECONDS = 600;

/** All files are understood before anything is sent. Objects, of which there can be many, are each understood before they are. */
export async function replayIntoDeployment(
  stack: OpenedStack,
  deployment: Deployment,
  replay: DeployedReplay,
): Promise<ReplayedIntoDeployment> {
  const lake = stack.lakeOf(deployment);
  const { store } = lake;
  const reading = await contextOf(stack, lake, deployment, replay);
  const [addresses, files] = [replay.files.filter(isGivenAddress), replay.files.filter(isLocal)];
  const recordings = await Promise.all(files.map(readRecordedFile));
  const paths = new Set<string>();
  for (const { name } of addresses)
    for (const path of await objectsAt(store, deployment, name)) paths.add(path);
  const own = await receiverOf(deployment.table, reading, paths, stack);
  const others = replay.dryRun ? [] : await otherReceivers(stack, lake, deployment, replay, paths);
  for (const recording of recordings) addHeld(own, recording, stack);
  for (const path of paths) {
    const recording = await readObject(store, deployment, path);
    // breakage: others-hold-their-own-alone
    for (const one of [own, ...others]) if (one.paths.has(path)) addHeld(one, recording, stack);
  }
  const context = withHeld(own, replay);
  // breakage: dry-replay-sends-nothing
  if (replay.dryRun) {
    const all = async function* (): AsyncGenerator<Recording> {
      yield* recordings;
      for (const path of paths) yield await readObject(store, deployment, path);
    };
    return { totals: await foreseenTotals(context, all()), hasLateChanges: false };
  }
  let totals = NOTHING_REPLAYED;
  for (const recording of recordings)
    totals = addedTotals(totals, (await replayRecording(context, recording)).totals);
  for (const path of paths) {
    const recording = await readObject(store, deployment, path);
    const { totals: ofObject, kept } = await replayRecording(context, recording);
    totals = addedTotals(totals, ofObject);
    // A batch is its source's: the object goes only once every table has it that was served when the batch was read.
    for (const other of others)
      if (other.paths.has(path)) await replayRecording(withHeld(other, replay), recording);
    // Each of its records is with Firehose, or is in quarantine: in another object, or else in this one.
    const isDone = ofObject.otherSources.length === 0 && !kept.includes(path); // breakage: undelivered-objects-stay
    if (isDone && wasPutAside(deployment, path)) await store.remove([path]);
  }
  const { horizonSeconds } = await latestManifest(store, deployment.table);
  return { totals, hasLateChanges: totals.oldestChangeSeconds < horizonSeconds };
}

async function foreseenTotals(
  context: ReplayContext,
  recordings: AsyncIterable<Recording>,
): Promise<ReplayTotals> {
  let totals = NOTHING_REPLAYED;
  for await (const recording of recordings) totals = addedTotals(totals, foreseenReplay(context, recording));
  return totals;
}

/** A lake table that gets recordings, with what stays held of it meanwhile: in its quarantine, and in these. */
interface Receiver {
  readonly context: ReplayContext;
  /** The objects that it gets. */
  readonly paths: ReadonlySet<string>;
  readonly held: HeldChanges;
}

/** The other lake tables of the same source, each with the failed batches that it was served with: nothing else is for them. */
async function otherReceivers(
  stack: OpenedStack,
  lake: AwsLake,
  deployment: Deployment,
  replay: DeployedReplay,
  paths: ReadonlySet<string>,
): Promise<readonly Receiver[]> {
  const { source, sourceTableArn, table } = deployment;
  if (![...paths].some((path) => failedAtSeconds(deployment, path) !== undefined)) return [];
  const others = (await deployedTablesOf(lake.store, source)).filter((one) => one.table !== table);
  const receivers = others.map(async ({ entry: { deliveryStream, served }, table: name }) => {
    const own = [...paths].filter((path) => {
      const readAtSeconds = failedAtSeconds(deployment, path);
      // breakage: failed-batches-of-all-served
      return readAtSeconds !== undefined && wasServed(served, readAtSeconds);
    });
    if (own.length === 0) return [];
    const context = await contextOf(stack, lake, { table: name, deliveryStream, sourceTableArn }, replay);
    return [await receiverOf(name, context, new Set(own), stack)];
  });
  return (await Promise.all(receivers)).flat();
}

async function receiverOf(
  table: string,
  context: ReplayContext,
  paths: ReadonlySet<string>,
  { signal }: Pick<OpenedStack, "signal">,
): Promise<Receiver> {
  const held = new HeldChanges(context.writer.codec.schema.key);
  await addQuarantined(held, { store: context.store, table }, paths, () => signal.throwIfAborted());
  return { context, paths, held };
}

function addHeld(
  { context, held }: Receiver,
  recording: Recording,
  { signal }: Pick<OpenedStack, "signal">,
): void {
  for (const batch of recordBatches(recording)) {
    signal.throwIfAborted();
    const arrivedAtSeconds = context.nowSeconds();
    addUndeliverable(held, context, { records: batch, source: recording.name, arrivedAtSeconds });
  }
}

function withHeld({ context, held }: Receiver, { partial }: Pick<DeployedReplay, "partial">): ReplayContext {
  const isNewerHeld = (hash: string, version: string): boolean => held.isNewerHeld(hash, version);
  return { ...context, held: { isNewerHeld, partial } }; // breakage: stacks-hold-older-changes
}

function isGivenAddress({ name }: GivenFile): boolean {
  return isAddress(name);
}

function isLocal({ name }: GivenFile): boolean {
  return !isAddress(name);
}

/** Rows have the columns that the stream function writes by now, which are the ones that Firehose knows. */
async function contextOf(
  { signal }: OpenedStack,
  { clients, store }: AwsLake,
  { table, deliveryStream, sourceTableArn }: Pick<Deployment, "table" | "deliveryStream" | "sourceTableArn">,
  { maskKey, anySource, onProgress }: DeployedReplay,
): Promise<ReplayContext> {
  const { manifest, schema } = await deployedTable({ store }, table);
  const { floorSeconds } = manifest;
  const source = sourceOfArn(sourceTableArn);
  const sources = !anySource && source !== undefined ? new TableSources([source]) : undefined;
  return {
    store,
    floorSeconds,
    ...(sources && { otherSourceOf: (record) => sources.otherSourceOf(record) }),
    sink: firehoseSink({
      client: clients.firehose,
      stream: deliveryStream,
      giveUpSeconds: GIVE_UP_SECONDS,
    }),
    writer: lineWriter(rowCodec(schema, maskKey)),
    rowBytesMax: FIREHOSE_LIMITS.recordBytesMax,
    nowSeconds,
    onProgress: (progress) => {
      if (signal.aborted) throw interrupted(progress);
      onProgress(progress);
    },
  };
}

function interrupted({ recording }: ReplayProgress): DynalakeError {
  const message = `the replay was interrupted before all of ${recording} was delivered`;
  const next = "Run the command again: changes that were delivered already count once.";
  return new DynalakeError("INCOMPLETE", message, { next });
}
