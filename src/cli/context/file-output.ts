/** Text that goes into a file in place of the terminal. */
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";

export interface FileOutput {
  /** Waits until there is room for more. */
  print(text: string): Promise<void>;
  /** Resolves once all is in the file. */
  end(): Promise<void>;
}

/** Makes the file; fails with Node's error if it is there. */
export function fileOutput(path: string): FileOutput {
  const file = createWriteStream(path, { flags: "wx", flush: true });
  const done = finished(file);
  // The next call throws this failure. Until then it must not count as unhandled.
  done.catch(() => undefined);
  return {
    print: async (text) => {
      if (!file.write(text)) await Promise.race([once(file, "drain"), done]);
    },
    end: async () => {
      file.end();
      await done;
    },
  };
}
