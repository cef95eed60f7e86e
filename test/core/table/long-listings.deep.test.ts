/** Listings that are too long to be the arguments of one call. */
import { expect, test } from "@jest/globals";
import { foreseeVacuum } from "../../../src/core/compaction/vacuum.ts";
import { initialManifest, manifestText } from "../../../src/core/format/manifest.ts";
import type { StoredObject } from "../../../src/core/ports/object-store.ts";
import { listChanges } from "../../../src/core/table/change-listing.ts";
import { MemoryStore } from "../../support/memory-store.ts";

const OBJECTS = 200_000;
const NOW_SECONDS = 1_800_000_000;
const DAY_SECONDS = 24 * 3600;

/** Its listing of one folder is `OBJECTS` long; anything else is as it was planted. */
class LongStore extends MemoryStore {
  readonly #objects: readonly StoredObject[];
  readonly #folder: string;

  constructor(folder: string, nameOf: (object: number) => string) {
    super();
    this.#folder = folder;
    this.#objects = Array.from({ length: OBJECTS }, (_, i) => ({
      path: `${folder}${nameOf(i)}`,
      bytes: 10,
      modifiedMs: (NOW_SECONDS - 30 * DAY_SECONDS) * 1000,
    }));
  }

  override async names(prefix: string, after = ""): Promise<readonly string[]> {
    if (prefix !== this.#folder) return super.names(prefix, after);
    return this.#objects.map(({ path }) => path).filter((path) => path > after);
  }

  override async list(prefix: string): Promise<readonly StoredObject[]> {
    return prefix === this.#folder ? this.#objects : super.list(prefix);
  }
}

test("the window of a change log may have hundreds of thousands of objects in a day", async () => {
  const folder = "t/changes/dt=2026-11-23/";
  const store = new LongStore(folder, (i) => `hr=${i < 10 ? "04" : "05"}/${i}.parquet`);
  store.plant(`${folder}hr=05/0.parquet`, "rows");
  const window = await listChanges(store, "t").since({ dt: "2026-11-23", hr: "05" });
  expect(window).toHaveLength(OBJECTS - 10);
});

test("a vacuum may find hundreds of thousands of files of one run", async () => {
  const store = new LongStore("t/segments/dead/", (i) => `b0000/${i}.parquet`);
  store.plant("t/segments/dead/b0000/0.parquet", "rows");
  store.plant("t/manifest/000000000001.json", manifestText({ ...initialManifest(1), sequence: 1 }));
  const policy = { retentionSeconds: 7 * DAY_SECONDS, graceSeconds: DAY_SECONDS };
  expect(await foreseeVacuum(store, "t", policy, NOW_SECONDS)).toEqual({
    manifests: 0,
    files: OBJECTS,
    bytes: 10 * OBJECTS,
  });
});
