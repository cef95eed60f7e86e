// A reporter for jest: prints the slowest files.
import { relative } from "node:path";
import { cwd, stderr } from "node:process";

const SHOWN = 10;

export default class SlowestFiles {
  onRunComplete(_contexts, { testResults }) {
    if (testResults.length <= SHOWN) return;
    const seconds = ({ perfStats: { start, end } }) => (end - start) / 1000;
    const slowest = testResults.toSorted((a, b) => seconds(b) - seconds(a)).slice(0, SHOWN);
    const lines = slowest.map(
      (file) => `${seconds(file).toFixed(1).padStart(7)} s  ${relative(cwd(), file.testFilePath)}`,
    );
    stderr.write(`\nThe slowest of ${testResults.length} files:\n${lines.join("\n")}\n`);
  }
}
