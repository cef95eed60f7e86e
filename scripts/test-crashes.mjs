// Runs the crash tests for longer: `npm run test:crashes -- --kills 50 --seed 7`. After every second kill of `run` the lake is
// compared with its table. Failures of calls are tried in all pairs.
import { spawnSync } from "node:child_process";
import { dirname } from "node:path";
import { argv, env, execPath, exit } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  args: argv.slice(2),
  options: { kills: { type: "string", default: "50" }, seed: { type: "string" } },
});
for (const name of ["kills", "seed"]) {
  if (values[name] === undefined || /^\d{1,9}$/.test(values[name])) continue;
  console.error(`--${name} takes a whole number, not "${values[name]}"`);
  exit(2);
}

const { kills, seed = String(Date.now() % 1_000_000) } = values;
console.log(`${kills} kills, seed ${seed}`);
const jest = [
  "--experimental-vm-modules",
  "--disable-warning=ExperimentalWarning",
  "node_modules/jest/bin/jest.js",
];
const files = ["test/crash-points", "test/cli/crashes", "test/cli/full-disk", "test/cli/interruption"];
/** How often `run` is killed with full effort. */
const KILLS_WITH_ALL_EFFORT = 4;
const options = ["--config", "jest.deep.config.mjs", "--runInBand"];
const run = spawnSync(execPath, [...jest, ...options, ...files], {
  cwd: dirname(dirname(fileURLToPath(import.meta.url))),
  stdio: "inherit",
  env: {
    ...env,
    DYNALAKE_TEST_EFFORT: String(Number(kills) / KILLS_WITH_ALL_EFFORT),
    CRASH_SEED: seed,
  },
});
exit(run.status ?? 1);
