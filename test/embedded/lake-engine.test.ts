import { openLake } from "../../src/embedded/lake.ts";
import { parquetSink } from "../../src/embedded/parquet-sink.ts";
import { registerLakeEngineTests } from "../conformance/lake-engine.ts";
import { withFolder } from "../support/folders.ts";

registerLakeEngineTests("on this machine", (use) =>
  withFolder(async (folder) => {
    const lake = await openLake(folder);
    try {
      const { store, engine } = lake;
      await use({ store, engine, sink: (schema) => parquetSink(lake.root, schema, lake.session) });
    } finally {
      await lake.close();
    }
  }),
);
