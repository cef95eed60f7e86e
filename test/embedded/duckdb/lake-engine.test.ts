import { join } from "node:path";
import { parquetSink } from "../../../src/embedded/delivery/parquet-sink.ts";
import { openLakeFolder } from "../../../src/embedded/folder/lake-folder.ts";
import { registerLakeEngineTests } from "../../conformance/lake-engine.ts";
import { withFolder } from "../../support/folders.ts";

// Names of columns and partitions, which DuckDB would infer from a path by default.
const PLACES: readonly (readonly [string, string])[] = [
  ["on this machine", "lake"],
  ["below folders called name=value", join("k=other", "n=5", "dt=2001-01-01", "hr=77")],
];

for (const [name, place] of PLACES) {
  registerLakeEngineTests(name, (use) =>
    withFolder(async (folder) => {
      const lake = await openLakeFolder(join(folder, place));
      try {
        const { store, engine } = lake;
        await use({
          store,
          engine,
          givesRowsAsTheyLie: true,
          // A folder needs no catalog.
          declare: async () => undefined,
          sink: (schema) => parquetSink(lake.root, schema, lake.session),
        });
      } finally {
        await lake.close();
      }
    }),
  );
}
