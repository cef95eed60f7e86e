import { describe, expect, test } from "@jest/globals";
import type {
  DeliveryMark,
  LakeRow,
  VerifiedLake,
  VerifiedSource,
} from "../../../src/core/ports/verified.ts";
import { parseSchema, type Schema } from "../../../src/core/schema/schema.ts";
import { type Item, itemText } from "../../../src/core/values/attribute-value.ts";
import { keyHash, keyOf } from "../../../src/core/values/key.ts";
import { itemInHand } from "../../../src/core/verify/scanned-item.ts";
import { type Verification, verify } from "../../../src/core/verify/verify.ts";
import { type SettleContext, settle } from "../../../src/core/verify/verify-settle.ts";
import { ItemShelves, type Scratch } from "../../../src/core/verify/verify-shelf.ts";
import * as fc from "../../support/fast-check.ts";

const SCHEMA = parseSchema(
  {
    table: "t",
    source: "T",
    key: { hash: "Id" },
    attributes: { Id: { type: "string" }, Secret: { mask: "drop" } },
  },
  "a test",
);

const idOf = (item: Item): string => (item.Id as { readonly S: string }).S;
const hashOf = (id: string): string => keyHash([{ S: id }]);
const item = (id: string, note = "", secret = ""): Item => ({
  Id: { S: id },
  Note: { S: note },
  Secret: { S: secret },
});

/** A source and a lake in memory. */
class World {
  readonly source: Map<string, Item> = new Map();
  rows: LakeRow[] = [];
  readonly scratch: Map<string, string> = new Map();
  seconds = 0;
  moving = true;
  looks = 0;
  sourceReads = 0;
  /** The answer of `changesOf`. */
  changes: Awaited<ReturnType<DeliveryMark["changesOf"]>> = new Map();
  /** Called whenever settling reads or waits. */
  onStep: (step: "mark" | "source" | "wait" | "lake" | "stream") => void = () => undefined;

  put(...items: readonly Item[]): void {
    for (const each of items) this.source.set(idOf(each), each);
  }

  copy(): void {
    this.rows = [...this.source.values()].map((each) => rowOf(each));
  }

  setRow(each: Item): void {
    this.rows = [...this.rows.filter(({ keyHash: hash }) => hash !== hashOf(idOf(each))), rowOf(each)];
  }

  removeRow(id: string): void {
    this.rows = this.rows.filter(({ keyHash: hash }) => hash !== hashOf(id));
  }

  readonly sourcePort: VerifiedSource = {
    scan: async (take) => {
      for (const each of [...this.source.values()]) await take([itemInHand(each)]);
    },
    items: async (keys) => {
      this.onStep("source");
      this.sourceReads += keys.length;
      return keys.map(([key]) => this.source.get((key as { readonly S: string }).S));
    },
  };

  readonly lakePort: VerifiedLake = {
    rows: async (take) => take(this.rows),
    rowsOf: async (hashes) => {
      this.onStep("lake");
      return this.rows.filter(({ keyHash: hash }) => hashes.includes(hash));
    },
  };

  settling(hidden: ReadonlySet<string>, schema = SCHEMA): SettleContext {
    return {
      schema,
      hidden,
      source: this.sourcePort,
      lake: this.lakePort,
      deliveries: {
        mark: async () => {
          this.looks++;
          this.onStep("mark");
          return {
            moving: this.moving,
            changesOf: async () => {
              this.onStep("stream");
              return this.changes;
            },
          };
        },
      },
      settleSeconds: 60,
      delaySeconds: 2,
      pauseSeconds: 1,
      nowMs: () => this.seconds * 1000,
      wait: async (seconds) => {
        this.seconds += seconds;
        this.onStep("wait");
      },
    };
  }

  verify(schema: Schema = SCHEMA, namedMax = 1000): Promise<Verification> {
    return verify({
      schema,
      source: this.sourcePort,
      lake: this.lakePort,
      scratch: scratchOf(this.scratch),
      candidatesMax: 3,
      namedMax,
      onProgress: () => undefined,
      settle: (candidates, hidden) => settle(this.settling(hidden, schema), candidates),
    });
  }
}

function decoded(text: Uint8Array): string {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(text);
}

function scratchOf(files: Map<string, string>): Scratch {
  return {
    append: async (name, text) => void files.set(name, (files.get(name) ?? "") + decoded(text)),
    read: async function* (name) {
      // In chunks that split lines.
      for (const piece of (files.get(name) ?? "").match(/[\s\S]{1,50}/g) ?? []) yield piece;
    },
  };
}

function storedItem(each: Item): LakeRow["item"] {
  return { item: () => each, text: () => itemText(each), key: () => keyOf(SCHEMA.key, each) };
}

/** A row that is no item. */
const UNREADABLE: LakeRow["item"] = {
  item: () => unreadable(),
  text: () => unreadable(),
  key: () => unreadable(),
};

function unreadable(): never {
  throw new Error("no item");
}

function rowOf(each: Item): LakeRow {
  const { Secret, ...kept } = each;
  return { keyHash: keyHash(keyOf(SCHEMA.key, each) ?? []), item: storedItem(kept) };
}

const summary = ({ differences }: Verification) =>
  differences
    .map(({ kind, key, attributes }) => [kind, (key?.Id as { S: string } | undefined)?.S, ...attributes])
    .sort();

describe("a table that stands still", () => {
  test("a random set of damages is named exactly, and nothing else", async () => {
    const damage = fc.constantFrom(
      "missing",
      "extra",
      "different",
      "repeated",
      "unreadable",
      "none",
      "none",
      "none",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(damage, { maxLength: 60 }), async (damages) => {
        const world = new World();
        world.put(...damages.map((_, i) => item(`id${i}`, "as it is", "hidden")));
        world.copy();
        for (const [i, how] of damages.entries()) {
          const id = `id${i}`;
          if (how === "missing") world.removeRow(id);
          if (how === "extra") world.source.delete(id);
          if (how === "different") world.setRow(item(id, "another"));
          if (how === "repeated") world.rows.push(rowOf(item(id, "as it is")));
          if (how === "unreadable") {
            world.removeRow(id);
            world.rows.push({ keyHash: hashOf(id), item: UNREADABLE });
          }
        }
        const found = await world.verify();
        const wanted = [...damages.entries()].filter(([, how]) => how !== "none");
        expect(summary(found)).toEqual(
          wanted.map(([i, how]) => (how === "different" ? [how, `id${i}`, "Note"] : [how, `id${i}`])).sort(),
        );
        for (const kind of ["missing", "extra", "different", "repeated", "unreadable"] as const)
          expect(found.counts[kind]).toBe(damages.filter((how) => how === kind).length);
        expect(found.hidden).toEqual(["Secret"]);
      }),
      { numRuns: 60 },
    );
  });

  test("where the digests are the same, no item is asked for again", async () => {
    const world = new World();
    world.put(...Array.from({ length: 50 }, (_, i) => item(`id${i}`)));
    world.copy();
    expect(await world.verify()).toMatchObject({ sourceItems: 50, lakeItems: 50, candidates: 0 });
    expect({ reads: world.sourceReads, looks: world.looks }).toEqual({ reads: 0, looks: 0 });
  });

  test("more differences than are named are counted all the same", async () => {
    const world = new World();
    world.put(...Array.from({ length: 20 }, (_, i) => item(`id${i}`)));
    const found = await world.verify(SCHEMA, 7);
    expect(found.differences).toHaveLength(7);
    expect(found.counts.missing).toBe(20);
  });

  test("a row under the hash of another key is a difference of that key, not of its own", async () => {
    const world = new World();
    world.put(item("a"), item("b"));
    world.rows = [rowOf(item("a")), { keyHash: hashOf("b"), item: rowOf(item("a")).item }];
    expect(summary(await world.verify())).toEqual([["different", "b", "Id"]]);
  });

  test("items of other tables are not expected; one that the lake has is extra", async () => {
    const schema = parseSchema({ ...SCHEMA.file, where: { Note: { equals: "mine" } } }, "a test");
    const world = new World();
    world.put(item("a", "mine"), item("b", "other"), item("c", "other"));
    world.rows = [rowOf(item("a", "mine")), rowOf(item("c", "other"))];
    const found = await world.verify(schema);
    expect(found).toMatchObject({ sourceItems: 1, skipped: 2, lakeItems: 2 });
    expect(summary(found)).toEqual([["extra", "c"]]);
  });

  test("items without the key of the schema are refused: it is another table", async () => {
    const world = new World();
    world.source.set("x", { Other: { S: "x" } });
    await expect(world.verify()).rejects.toMatchObject({ code: "USAGE" });
  });
});

describe("a table that moves", () => {
  /** Settles one candidate. */
  async function settled(world: World): ReturnType<typeof settle> {
    return settle(world.settling(new Set(["Secret"])), [{ keyHash: hashOf("a"), key: [{ S: "a" }] }]);
  }

  test("what the lake has caught up with is no difference, at the first look or a later one", async () => {
    const world = new World();
    world.put(item("a", "new"));
    world.copy();
    expect(await settled(world)).toEqual({ differences: [], unsettled: [] });
    expect(world.looks).toBe(0);

    world.setRow(item("a", "old"));
    world.changes = new Map([[hashOf("a"), item("a", "new")]]);
    world.onStep = () => {
      if (world.seconds >= 10) world.setRow(item("a", "new"));
    };
    expect(await settled(world)).toEqual({ differences: [], unsettled: [] });
    expect(world.looks).toBeGreaterThan(1);
  });

  test("a change that is under way makes it wait, for as long as somebody delivers", async () => {
    const world = new World();
    world.put(item("a", "new", "secret"));
    world.setRow(item("a", "old"));
    world.changes = new Map([[hashOf("a"), item("a", "new", "secret")]]);
    expect(await settled(world)).toMatchObject({ differences: [], unsettled: [{ kind: "waiting" }] });
    expect(world.looks).toBeGreaterThan(5);

    world.moving = false;
    world.looks = 0;
    expect(await settled(world)).toMatchObject({ differences: [], unsettled: [{ kind: "waiting" }] });
    expect(world.looks).toBe(1);
  });

  test("a removal that is under way makes it wait, too", async () => {
    const world = new World();
    world.setRow(item("a"));
    world.changes = new Map([[hashOf("a"), undefined]]);
    expect(await settled(world)).toMatchObject({ differences: [], unsettled: [{ kind: "waiting" }] });
  });

  test("an item that is another at each look is changing, however long it lasts", async () => {
    const world = new World();
    let writes = 0;
    world.onStep = (step) => {
      if (step === "source") world.put(item("a", `write ${writes++}`));
    };
    expect(await settled(world)).toMatchObject({ differences: [], unsettled: [{ kind: "changing" }] });
    expect(world.seconds).toBeGreaterThanOrEqual(60);
    expect(world.seconds).toBeLessThan(70);
  });

  test("an item that went there and back again while the lake was read is no difference", async () => {
    const world = new World();
    world.put(item("a", "one"));
    world.setRow(item("a", "one"));
    let there = true;
    world.onStep = (step) => {
      // The lake shows a state that the source no longer has.
      if (step === "lake" && there) world.setRow(item("a", "two"));
      if (step === "stream") {
        world.changes = new Map([[hashOf("a"), item("a", "one")]]);
        there = false;
        world.setRow(item("a", "one"));
      }
    };
    expect(await settled(world)).toEqual({ differences: [], unsettled: [] });
  });

  test("a stream that is not read to its end proves nothing", async () => {
    const world = new World();
    world.put(item("a"));
    world.changes = "unknown";
    expect(await settled(world)).toMatchObject({ differences: [], unsettled: [{ kind: "unknown" }] });
    expect(world.seconds).toBeGreaterThanOrEqual(60);
  });

  test("each look marks, reads the source, waits, reads the lake, the stream, and the source again", async () => {
    const world = new World();
    world.put(item("a"));
    const steps: string[] = [];
    world.onStep = (step) => steps.push(step);
    expect(await settled(world)).toMatchObject({
      differences: [{ kind: "missing", key: { Id: { S: "a" } } }],
    });
    expect(steps).toEqual(["source", "lake", "mark", "source", "wait", "lake", "stream", "source"]);
  });
});

test("memory holds digests and a few lines, whatever the number of items: the rest lies on shelves", async () => {
  const files = new Map<string, string>();
  let largest = 0;
  const counting: Scratch = {
    ...scratchOf(files),
    append: async (name, text) => {
      largest = Math.max(largest, text.length);
      files.set(name, (files.get(name) ?? "") + decoded(text));
    },
  };
  const shelves = new ItemShelves(counting, "source");
  const line = { keyHash: "00".repeat(16), itemHash: "1".repeat(32), keyText: "k".repeat(100) };
  for (let i = 0; i < 2000; i++) await shelves.put([line]);
  const kept = [...files.values()].join("").length;
  // All but a final write of at most 40 KB.
  expect(kept).toBeGreaterThan(2000 * 165 - 40_000);
  expect(largest).toBeLessThan(40_000);
});
