/** Lakes that `verify` is run on, and what it says of them. */
import { copyFile, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { expect } from "@jest/globals";
import { systemTiming, type Timing } from "../../src/sdk/timing.ts";
import { done, dynalake, type Ended } from "../support/cli.ts";
import type { FileEmulator } from "./file-emulator.ts";
import type { SourceItem } from "./source-table.ts";

/** A review as the source has it. */
export const review = (user: string, book: string, more: SourceItem = {}): SourceItem => ({
  User: { S: user },
  Book: { S: book },
  Rating: { N: "3" },
  Tags: { SS: ["b", "a"] },
  ...more,
});

export interface Report {
  readonly tables: readonly {
    readonly table: string;
    readonly result: string;
    readonly sourceItems: number;
    readonly lakeItems: number;
    readonly skipped: number;
    readonly counts: Readonly<Record<string, number>>;
    readonly differences: readonly Readonly<Record<string, unknown>>[];
    readonly unsettled: readonly Readonly<Record<string, unknown>>[];
    readonly hidden: readonly string[];
    readonly quarantine: number;
  }[];
}

export interface Verified {
  readonly ended: Ended;
  readonly table: Report["tables"][number];
}

/** An emulator shows each write at once: what `verify` leaves to a service goes by ten times as fast. */
export function hurried(): Timing {
  const speed = 10;
  const beganMs = systemTiming.nowMs();
  return {
    nowMs: () => beganMs + (systemTiming.nowMs() - beganMs) * speed,
    sleep: (ms, signal) => systemTiming.sleep(ms / speed, signal),
    random: () => systemTiming.random(),
  };
}

export async function verified(lake: string, timing: Timing = hurried()): Promise<Verified> {
  const ended = await dynalake(["verify", "--lake", lake, "--json"], { timing });
  expect({ ...ended, stdout: ended.stdout.slice(0, 300) }).toMatchObject({
    stdout: expect.stringMatching(/^\{/),
  });
  const { tables } = JSON.parse(ended.stdout) as Report;
  return { ended, table: tables[0] as Report["tables"][number] };
}

export async function snapshot(
  { endpoint }: FileEmulator,
  lake: string,
  table: string,
  ...more: readonly string[]
): Promise<void> {
  await done(["snapshot", "--source", table, "--endpoint", endpoint, "--lake", lake, ...more]);
}

export const keyOf = (user: string, book: string): SourceItem => ({ User: { S: user }, Book: { S: book } });

/** Rewrites a Parquet file of the lake by a SELECT over `file`. */
export async function rewrite(file: string, select: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:");
  const session = await instance.connect();
  await copyFile(file, `${file}.before`);
  const before = `read_parquet('${file}.before')`;
  await session.run(`COPY (${select.replace("file", before)}) TO '${file}' (FORMAT parquet)`);
  session.closeSync();
  instance.closeSync();
  await rm(`${file}.before`);
}

export async function parquetFiles(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true });
  return names.filter((name) => name.endsWith(".parquet")).map((name) => join(folder, name));
}
