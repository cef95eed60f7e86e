/** Writes the data files of an export that a scan makes. */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip, type Gzip } from "node:zlib";

/** Fast: the files are read back once, on this machine. */
const GZIP_LEVEL = 2;

/** One gzipped data file, with counts of what has been written to it. Throws the errors of Node's file system. */
export class DataFileWriter {
  readonly name: string;
  readonly #gzip: Gzip = createGzip({ level: GZIP_LEVEL });
  readonly #md5 = createHash("md5");
  readonly #file: WriteStream;
  readonly #written: Promise<void>;
  bytes = 0;
  items = 0;

  constructor(exportFolder: string, name: string) {
    this.name = name;
    this.#file = createWriteStream(join(exportFolder, "data", name), { flags: "wx", flush: true });
    const md5 = this.#md5;
    this.#written = pipeline(
      this.#gzip,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          md5.update(chunk);
          yield chunk;
        }
      },
      this.#file,
    );
    this.#gzip.on("error", () => undefined);
    // The next write or close throws this failure. Until then it must not count as unhandled.
    this.#written.catch(() => undefined);
  }

  async write(lines: string, items: number): Promise<void> {
    const bytes = Buffer.from(lines);
    this.bytes += bytes.length;
    this.items += items;
    // After a disk failure the gzip stream never drains: the pipeline reports the failure instead.
    if (!this.#gzip.write(bytes)) await Promise.race([once(this.#gzip, "drain"), this.#written]);
  }

  /** Resolves to the MD5 of the compressed file once it is on disk. */
  async close(): Promise<Buffer> {
    this.#gzip.end();
    await this.#written;
    return this.#md5.digest();
  }

  async destroy(): Promise<void> {
    this.#gzip.destroy();
    await this.#written.catch(() => undefined);
    // The pipeline fails before its last stream has closed the file.
    if (!this.#file.closed) await new Promise<void>((resolve) => this.#file.once("close", () => resolve()));
  }
}
