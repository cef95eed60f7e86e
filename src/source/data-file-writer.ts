import { createHash } from "node:crypto";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGzip, type Gzip } from "node:zlib";

const gzipLevel = 2;

/** Writes one gzipped data file of an export, and counts what goes into it. Fails as Node's file system does. */
export class DataFileWriter {
  readonly name: string;
  readonly #gzip: Gzip = createGzip({ level: gzipLevel });
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
    // A failure is met by whoever writes or closes next; until then it must not count as unhandled.
    this.#written.catch(() => undefined);
  }

  async write(lines: string, items: number): Promise<void> {
    const bytes = Buffer.from(lines);
    this.bytes += bytes.length;
    this.items += items;
    // After a failure of the disk nothing drains any more: the pipeline tells then, in place of the gzip.
    if (!this.#gzip.write(bytes)) await Promise.race([once(this.#gzip, "drain"), this.#written]);
  }

  /** Resolves to the MD5 of the compressed file when it is on the disk. */
  async close(): Promise<Buffer> {
    this.#gzip.end();
    await this.#written;
    return this.#md5.digest();
  }

  async destroy(): Promise<void> {
    this.#gzip.destroy();
    await this.#written.catch(() => undefined);
    // The pipeline has failed before its last stream lets go of the file.
    if (!this.#file.closed) await new Promise<void>((resolve) => this.#file.once("close", () => resolve()));
  }
}
