/** What has to be true of a lake again after whatever befell it. */
import { readdir } from "node:fs/promises";
import { expect } from "@jest/globals";
import { done, dynalake, lakeItems } from "../support/cli.ts";
import type { SourceTable } from "./source-table.ts";

/** The next run repairs all, by itself: the lake holds the table, and is healthy. */
export async function expectRepaired(
  lake: string,
  table: SourceTable,
  of: readonly string[],
  history: unknown,
): Promise<void> {
  const repaired = await dynalake(["run", ...of, "--once"]);
  expect({ history, ...repaired }).toMatchObject({ history, code: 0 });
  const items = await lakeItems(lake).catch((cause: unknown) => {
    throw new Error(JSON.stringify(history, undefined, 1), { cause });
  });
  expect({ history, items }).toEqual({ history, items: await table.items() });
  expect({ history, health: await healthOf(lake) }).toEqual({ history, health: "healthy" });
}

export async function healthOf(lake: string): Promise<unknown> {
  const text = await done(["status", "--lake", lake, "--json"]);
  return (JSON.parse(text) as { readonly tables: readonly { readonly health: string }[] }).tables[0]?.health;
}

export async function expectTidy(lake: string): Promise<void> {
  await done(["compact", "--lake", lake, "--all"]);
  await done(["vacuum", "--lake", lake, "--retention-hours", "0", "--grace-hours", "0"]);
  const left = (await readdir(lake, { recursive: true })).filter((name) => /\.tmp|staging\/./.test(name));
  expect(left).toEqual([]);
}
