/**
 * What reads a whole table: `verify` of a lake in turn with `items` of it, from an export, so that no emulator's speed is
 * measured; beside them `replay` of as many recorded events, and a `snapshot` that scans as many items of an endpoint.
 * `npm run bench:verify -- [items] [pairs]`
 */
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { withScratchFolder } from "../cache-folder.ts";
import { REVIEWS_SCHEMA, reviewsExport } from "../data/reviews-export.ts";
import { itemSizes, modifyRecord, review } from "../data/stream-records.ts";
import { inTurn } from "../measuring/in-turn.ts";
import { startStreamEndpoint } from "../measuring/stream-endpoint.ts";
import { type Cost, timedDynalake } from "../measuring/timed-process.ts";
import type { Report } from "../part.ts";
import { costTable } from "../report/cost-table.ts";
import { counted } from "../report/text-table.ts";
import { median, pairRatios } from "../statistics.ts";

export async function verifyPart([items = "200000", pairs = "3"]: readonly string[]): Promise<Report> {
  const count = Number(items);
  const exported = await reviewsExport(count);
  const costs = await withScratchFolder(async (folder) => {
    const schema = join(folder, "reviews.json");
    const lake = join(folder, "lake");
    const other = join(folder, "other");
    const recorded = join(folder, "recorded.jsonl");
    await writeFile(schema, JSON.stringify(REVIEWS_SCHEMA));
    await writeRecordedEvents(recorded, count);
    await timedDynalake("snapshot", "--from-export", exported, "--schema", schema, "--lake", lake);
    const intoAnother = async (...command: readonly string[]): Promise<Cost> => {
      const cost = await timedDynalake(...command, "--schema", schema, "--lake", other);
      await rm(other, { recursive: true });
      return cost;
    };
    const endpoint = await startStreamEndpoint({ items: count, size: "300 B", records: 0, shards: 1 });
    try {
      const jobs = {
        items: () => timedDynalake("items", "--lake", lake),
        verify: () => timedDynalake("verify", "--from-export", exported, "--lake", lake),
        replay: () => intoAnother("replay", recorded),
        "snapshot (scan)": () => intoAnother("snapshot", "--source", "Reviews", "--endpoint", endpoint.url),
      };
      return await inTurn(jobs, Number(pairs));
    } finally {
      await endpoint.stop();
    }
  });
  const cpu = (runs: readonly Cost[]): readonly number[] => runs.map(({ cpuSeconds }) => cpuSeconds);
  const verifyToItems = pairRatios(cpu(costs.verify), cpu(costs.items));
  return {
    text: `${counted(count)} items, ${pairs} pairs, medians\n${costTable(costs)}\nverify / items, CPU: ${median(verifyToItems).toFixed(2)}`,
    ratios: { "verify / items, CPU": verifyToItems },
    plots: {},
  };
}

/** Stream records of 300-byte items, a line each. */
async function writeRecordedEvents(file: string, count: number): Promise<void> {
  let text = "";
  for (let place = 0; place < count; place++) {
    const sequenceNumber = String(500_000_000_000_000_000_000n + BigInt(place));
    const marks = { sequenceNumber, madeAtSeconds: 1_732_780_000 };
    text += `${JSON.stringify(modifyRecord(review(itemSizes["300 B"]()), marks))}\n`;
  }
  await writeFile(file, text);
}
