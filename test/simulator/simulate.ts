/** `npm run simulate -- --steps 1000000 --seed 1`: plays histories until this many steps are done or one fails. */
import { tmpdir } from "node:os";
import { parseArgs } from "node:util";
import { openDuckdb } from "../../src/embedded/duckdb/duckdb-session.ts";
import {
  deployedTable,
  evolvingTable,
  ONE_RUN,
  ONE_TABLE,
  report,
  SEVERAL_TABLES,
  simulate,
} from "./simulation.ts";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    length: { type: "string", default: "300" },
    only: { type: "string" },
    "one-run": { type: "boolean", default: false },
    several: { type: "boolean", default: false },
    deployed: { type: "boolean", default: false },
    evolving: { type: "boolean", default: false },
    "shrink-seconds": { type: "string", default: "60" },
  },
});

const numbers = values.only?.split(",").map(Number);
const onDuckdb = values.deployed ? deployedTable : values.evolving ? evolvingTable : undefined;
const session = onDuckdb
  ? await openDuckdb({ threads: 1, memoryMegabytes: 500, temporaryFolder: tmpdir() })
  : undefined;
const inMemory = values.several ? SEVERAL_TABLES : values["one-run"] ? ONE_RUN : ONE_TABLE;
const game = session === undefined ? inMemory : (onDuckdb?.(session) ?? inMemory);
const result = await simulate({
  steps: Number(values.steps),
  seed: Number(values.seed),
  length: Number(values.length),
  ...(numbers === undefined ? {} : { only: new Set(numbers) }),
  game,
  shrinkSeconds: Number(values["shrink-seconds"]),
  onProgress: (text) => process.stderr.write(`${text}\n`),
});
process.stdout.write(report(result));
await session?.close();
process.exitCode = result.failed === undefined ? 0 : 1;
