/**
 * Follows a table's stream until Ctrl-C, and reports what happens. The first run takes a snapshot of the table; later runs
 * resume where the last one stopped. Credentials and region come from where the AWS SDK looks for them. For a local
 * DynamoDB, set AWS_ENDPOINT_URL, for example to http://127.0.0.1:8000.
 *
 *     npx tsx examples/follow.ts TABLE [LAKE_FOLDER]
 */
import { type LakeEvent, openLake } from "dynalake";

const [source, lakeFolder = "lake"] = process.argv.slice(2);
if (source === undefined) throw new Error("Usage: npx tsx examples/follow.ts TABLE [LAKE_FOLDER]");

const endpoint = process.env.AWS_ENDPOINT_URL;
await using lake = await openLake(lakeFolder, endpoint === undefined ? {} : { source: { endpoint } });

const stop = new AbortController();
process.once("SIGINT", () => stop.abort());

// Aborting the signal is the normal end: what was read is delivered and saved first.
const { changes, quarantined, gaps } = await lake.follow({ source, signal: stop.signal, onEvent: report });
console.log(`Changes: ${changes}, in quarantine: ${quarantined}, gaps: ${gaps}.`);

function report(event: LakeEvent): void {
  const table = `"${event.table}"`;
  if (event.kind === "snapshot-taken") console.log(`Snapshot: ${event.report.items} items in ${table}.`);
  if (event.kind === "opened") console.log(`Following ${table}. Press Ctrl-C to stop.`);
  if (event.kind === "delivered") console.log(`Delivered ${event.changes} to ${table}.`);
  if (event.kind === "compacted") console.log(`Compacted ${table} in commit ${event.manifest}.`);
  if (event.kind === "gap") console.error(`Changes of ${table} were lost: ${event.gap.detail}.`);
  if (event.kind === "quarantined") console.error(`In quarantine: ${event.reasons.join(", ")}.`);
  if (event.kind === "not-followed" || event.kind === "compaction-failed") console.error(event.error.message);
}
