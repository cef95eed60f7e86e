/** Comparisons of one source read it once, and are otherwise as if each were alone. */
import { expect, test } from "@jest/globals";
import type { VerifiedSource } from "../../../src/core/ports/verified.ts";
import { itemInHand } from "../../../src/core/verify/scanned-item.ts";
import { comparedTogether, type Sharing } from "../../../src/core/verify/shared-scan.ts";

const ITEMS = [["a", "b"], ["c"]].map((ids) => ids.map((id) => itemInHand({ Id: { S: id } })));

interface Wanted {
  readonly name: string;
  readonly source: string;
  readonly fails?: "before" | "behind";
}

function world(wanted: readonly Wanted[]) {
  const log: string[] = [];
  const sourceOf = ({ source }: Wanted): VerifiedSource => ({
    scan: async (take) => {
      log.push(`scan ${source}`);
      for (const items of ITEMS) await take(items);
      if (source === "broken") throw new Error("the source failed");
    },
    items: async () => [],
  });
  const compare = async (one: Wanted, sharing: Sharing, isFirst: boolean): Promise<string> => {
    if (one.fails === "before") throw new Error(`${one.name} failed`);
    let seen = 0;
    await sharing(sourceOf(one)).scan(async (items) => {
      seen += items.length;
    });
    log.push(`${one.name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    if (one.fails === "behind") throw new Error(`${one.name} failed`);
    log.push(`${one.name} ends`);
    return `${one.name}: ${seen}${isFirst ? ", first" : ""}`;
  };
  return { log, results: comparedTogether(wanted, ({ source }) => source, compare) };
}

async function allOf(results: AsyncIterable<string>): Promise<readonly string[]> {
  const all: string[] = [];
  for await (const result of results) all.push(result);
  return all;
}

const named = (source: string, ...names: readonly string[]) => names.map((name) => ({ name, source }));

test("tables of one source are compared with one scan, one after the other", async () => {
  const { log, results } = world([...named("s", "a"), ...named("t", "b"), ...named("s", "c")]);
  expect(await allOf(results)).toEqual(["a: 3, first", "c: 3", "b: 3, first"]);
  expect(log).toEqual(["scan s", "a begins", "a ends", "c begins", "c ends", "scan t", "b begins", "b ends"]);
});

test("more than eight have another scan", async () => {
  const { log, results } = world(named("s", ..."abcdefghij"));
  expect(await allOf(results)).toHaveLength(10);
  expect(log.filter((line) => line.startsWith("scan"))).toHaveLength(2);
});

test("one that fails, before the scan or behind it, does not hold up the others", async () => {
  for (const fails of ["before", "behind"] as const) {
    const { results } = world([...named("s", "a"), { name: "b", source: "s", fails }, ...named("s", "c")]);
    expect(await results.next()).toEqual({ done: false, value: "a: 3, first" });
    await expect(results.next()).rejects.toThrow("b failed");
  }
  const { log, results } = world([{ name: "a", source: "s", fails: "before" }]);
  await expect(results.next()).rejects.toThrow("a failed");
  expect(log).toEqual([]);
});

test("a scan that fails fails all of them", async () => {
  await expect(world(named("broken", "a", "b")).results.next()).rejects.toThrow("the source failed");
});
