/** Loads what the library loads when it needs it: jest cannot load the same module for two dynamic imports at a time. */
import "../../src/core/compaction/vacuum.ts";
import "../../src/core/status/status.ts";
import "../../src/embedded/compaction/compact-table.ts";
import "../../src/embedded/compaction/vacuum-folder.ts";
import "../../src/embedded/delivery/replay-into.ts";
import "../../src/embedded/folder/lake-folder.ts";
import "../../src/embedded/following/follow-tables.ts";
import "../../src/embedded/reading/items.ts";
import "../../src/embedded/reading/query.ts";
import "../../src/embedded/snapshot/infer-from-export.ts";
import "../../src/embedded/schemas/infer-from-table.ts";
import "../../src/embedded/snapshot/export-snapshot.ts";
import "../../src/embedded/snapshot/table-snapshot.ts";
import "../../src/embedded/verifying/verify-with-export.ts";
import "../../src/embedded/verifying/verify-with-source.ts";
import "../../src/index.ts";
