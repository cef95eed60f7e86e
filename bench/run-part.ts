/** Runs one part, prints its tables, and hands its report to the process that started this one: `npm run bench:NAME`. */
import { PARTS } from "./parts.ts";
import type { PartName } from "./run-sizes.ts";

const [name = "", ...args] = process.argv.slice(2);
const part = PARTS[name as PartName];
if (part === undefined) throw new Error(`"${name}" is not one of ${Object.keys(PARTS).join(", ")}`);
const report = await part(args);
console.log(report.text);
process.send?.(report);
