// One instance of a function: it is loaded, delivers one change, then batches. Run by bench/lambda.ts with a module's path, which
// exports `deliver`, and the file of an event; it prints its figures as JSON.
import { readFileSync } from "node:fs";
import { argv } from "node:process";
import { pathToFileURL } from "node:url";

const BATCHES = 20;
const [, , modulePath, eventPath] = argv;

const importStartMs = performance.now();
const { deliver } = await import(pathToFileURL(modulePath).href);
const importMs = performance.now() - importStartMs;
const text = readFileSync(eventPath, "utf8");
const { Records } = JSON.parse(text);
await deliver({ Records: Records.slice(0, 1) });
// From the start of the process: `performance.now()` counts from there.
const firstDeliveryMs = performance.now();
const firstDeliveryCpuMs = cpuMs(process.cpuUsage());
const cpu = process.cpuUsage();
const startMs = performance.now();
for (let batch = 0; batch < BATCHES; batch++) await deliver(JSON.parse(text));
const wallMs = performance.now() - startMs;
const batchesCpuMs = cpuMs(process.cpuUsage(cpu));
const figures = {
  importMs,
  firstDeliveryMs,
  firstDeliveryCpuMs,
  wallMsPerThousand: (wallMs / BATCHES / Records.length) * 1000,
  cpuMsPerThousand: (batchesCpuMs / BATCHES / Records.length) * 1000,
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
// The functions' log goes to standard output, too: the figures are its last line.
console.log(JSON.stringify(figures));
process.exit(0);

function cpuMs({ user, system }) {
  return (user + system) / 1000;
}
