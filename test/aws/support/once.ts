/** Work that several test files need, in concurrent processes, and only one of them does. */
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const askEveryMs = 200;
const secondsMax = 380;

/** The result of the work, as JSON. The first caller for a name and folder does it; the others wait, and share its failure. */
export async function once<T>(folder: string, name: string, work: () => Promise<T>): Promise<T> {
  const file = join(folder, `${name}.done`);
  try {
    await mkdir(join(folder, `${name}.begun`));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    return outcome<T>(file);
  }
  const done = await work().then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error instanceof Error ? error.message : String(error) }),
  );
  await writeFile(`${file}.part`, JSON.stringify(done));
  await rename(`${file}.part`, file);
  return outcome<T>(file);
}

async function outcome<T>(file: string): Promise<T> {
  for (const untilMs = Date.now() + secondsMax * 1000; Date.now() < untilMs; await sleep(askEveryMs)) {
    const text = await readFile(file, "utf8").catch(() => undefined);
    if (text === undefined) continue;
    const { error, value } = JSON.parse(text) as { readonly error?: string; readonly value: T };
    if (error !== undefined) throw new Error(error);
    return value;
  }
  throw new Error(`${file} was not finished within ${secondsMax} s`);
}
