/** `npm run simulate -- --steps 1000000 --seed 1`: plays histories until this many steps are done or one fails. */
import { parseArgs } from "node:util";
import { report, simulate } from "./simulation.ts";

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "100000" },
    seed: { type: "string", default: "1" },
    length: { type: "string", default: "300" },
    only: { type: "string" },
    "shrink-seconds": { type: "string", default: "60" },
  },
});

const numbers = values.only?.split(",").map(Number);
const result = await simulate({
  steps: Number(values.steps),
  seed: Number(values.seed),
  length: Number(values.length),
  ...(numbers === undefined ? {} : { only: new Set(numbers) }),
  shrinkSeconds: Number(values["shrink-seconds"]),
  onProgress: (text) => process.stderr.write(`${text}\n`),
});
process.stdout.write(report(result));
process.exitCode = result.failed === undefined ? 0 : 1;
