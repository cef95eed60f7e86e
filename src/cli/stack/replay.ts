/** `dynalake replay --stack`: recorded events go to Firehose, as the stream function sends them. */
import { firehoseSink } from "../../aws/firehose-sink.ts";
import type { DeliveryContext } from "../../core/delivery/deliver.ts";
import { quarantineFolder } from "../../core/format/lake-path.ts";
import { FIREHOSE_LIMITS } from "../../core/row/batch.ts";
import { rowCodec } from "../../core/row/row.ts";
import { lineWriter } from "../../core/row/wire-line.ts";
import { latestManifest, readWrittenSchema } from "../../core/table/lake-table.ts";
import { nowSeconds } from "../../sdk/run-name.ts";
import { type CommandContext, type ExitCode, givenFile } from "../command.ts";
import type { ReplayOptions } from "../commands/replay.ts";
import type { StackTarget } from "../lake-target.ts";
import { type DeployedTable, oneTable } from "../opened-lake.ts";
import { openStack } from "../opened-stack.ts";
import { NOTHING, readRecording, replayRecording, reportReplay, sum, type Totals } from "../replaying.ts";
import { isAddress, objectsAt, readObject, wasPutAside } from "./recorded-objects.ts";

/** Firehose takes about a mebibyte a second; a batch of a large file may need minutes. */
const GIVE_UP_SECONDS = 600;

export async function replayOnStack(
  context: CommandContext,
  target: StackTarget,
  files: readonly string[],
  options: ReplayOptions,
): Promise<ExitCode> {
  const stack = await openStack(context, target);
  try {
    const table = await oneTable(stack, options.name, "--name");
    const totals = await replayAll(context, table, files);
    await tellOfLateChanges(context, table, totals, target);
    const { bucket, table: name } = table.deployment;
    const quarantine = `s3://${bucket}/${quarantineFolder(name)}`;
    return await reportReplay(context, { json: options.json === true, table: name, quarantine }, totals);
  } finally {
    await stack.close();
  }
}

/** All files are understood before anything is sent; of objects, which can be many, each is before it is sent. */
async function replayAll(
  context: CommandContext,
  table: DeployedTable,
  files: readonly string[],
): Promise<Totals> {
  const { deployment, store } = table;
  const delivery = await deliveryInto(context, table);
  const named = files.filter((file) => !isAddress(file));
  const recordings = await Promise.all(named.map((file) => readRecording(givenFile(context, file))));
  const paths: string[] = [];
  for (const address of files.filter(isAddress)) paths.push(...(await objectsAt(store, deployment, address)));
  let totals = NOTHING;
  for (const recording of recordings)
    totals = sum(totals, (await replayRecording(context, delivery, recording, nowSeconds)).totals);
  for (const path of new Set(paths)) {
    const recording = await readObject(store, deployment, path);
    const replayed = await replayRecording(context, delivery, recording, nowSeconds);
    totals = sum(totals, replayed.totals);
    // Each of its records is with Firehose, or lies in quarantine: in another object, or else in this one.
    if (wasPutAside(deployment, path) && !replayed.kept.includes(path)) await store.remove([path]);
  }
  return totals;
}

/** Rows have the columns that the stream function writes by now: Firehose knows those. */
async function deliveryInto(
  { settings }: CommandContext,
  { deployment, lake, schema, store }: DeployedTable,
): Promise<DeliveryContext> {
  const written = (await readWrittenSchema(store, deployment.table)) ?? schema;
  return {
    store,
    sink: firehoseSink({
      client: lake.clients.firehose,
      stream: deployment.deliveryStream,
      giveUpSeconds: GIVE_UP_SECONDS,
    }),
    writer: lineWriter(rowCodec(written, settings.maskKey)),
    rowBytesMax: FIREHOSE_LIMITS.recordBytesMax,
  };
}

/** Changes behind the horizon are in the view once a compaction has folded them, and it can only fold what Firehose has written. */
async function tellOfLateChanges(
  { terminal }: CommandContext,
  { store, schema }: DeployedTable,
  { oldestChangeSeconds }: Totals,
  { stack }: StackTarget,
): Promise<void> {
  const { horizonSeconds } = await latestManifest(store, schema.table);
  if (oldestChangeSeconds >= horizonSeconds) return;
  terminal.note(
    `Some of the changes are older than what was compacted last: the next compaction shows them, once Firehose has written them. It comes by its schedule, or by \`dynalake compact --stack ${stack}\``,
  );
}
