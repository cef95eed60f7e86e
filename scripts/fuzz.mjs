/** `npm run fuzz -- --runs N --seed S`: tries N hostile inputs in all. The same seed gives the same inputs. */
import { spawnSync } from "node:child_process";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { runs: { type: "string" }, seed: { type: "string" } } });
for (const [name, value] of Object.entries(values)) {
  if (/^\d{1,9}$/.test(value)) continue;
  console.error(`--${name} takes a whole number, not "${value}"`);
  process.exit(2);
}
const seed = values.seed ?? String(Math.floor(Math.random() * 1_000_000));
console.error(`seed ${seed}`);
const jest = [
  "--experimental-vm-modules",
  "node_modules/jest/bin/jest.js",
  "--testTimeout",
  "86400000",
  "test/fuzz",
];
const { status } = spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", ...jest], {
  stdio: "inherit",
  env: { ...process.env, FUZZ_SEED: seed, ...(values.runs === undefined ? {} : { FUZZ_RUNS: values.runs }) },
});
process.exit(status ?? 1);
