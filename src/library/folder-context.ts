/** What the operations of an open lake share: its folder, its settings, and engines that are opened when they are needed. */
import { resolve } from "node:path";
import { defined } from "../core/defined.ts";
import type { ObjectStore } from "../core/ports/object-store.ts";
import type { LakeFolder } from "../embedded/folder/lake-folder.ts";
import type { KeptLog } from "../embedded/reading/kept-log.ts";
import { folderStore } from "../files/folder-store.ts";
import type { Timing } from "../sdk/timing.ts";
import type { SourceConfig } from "../source/source-connection.ts";
import { sourceConfig } from "./given.ts";
import { Lifetime } from "./lifetime.ts";
import type { OpenOptions } from "./options.ts";

export class FolderContext {
  /** The lake's folder as it was given, for messages. */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  readonly cwd: string;
  readonly store: ObjectStore;
  readonly config: SourceConfig;
  readonly options: OpenOptions;
  readonly timing: Timing;
  readonly lifetime: Lifetime = new Lifetime();
  #keptLog: KeptLog | undefined;

  constructor(name: string, options: OpenOptions, timing: Timing) {
    this.name = name;
    this.cwd = options.cwd ?? process.cwd();
    this.folder = resolve(this.cwd, name);
    this.store = folderStore(this.folder);
    this.config = sourceConfig(options);
    this.options = options;
    this.timing = timing;
  }

  /** An engine for one operation: its statements would end the rows of another's. */
  async openEngine(
    signal: AbortSignal,
    threads: number | undefined = this.options.threads,
  ): Promise<LakeFolder> {
    const { DEFAULT_LIMITS, openLakeFolder } = await import("../embedded/folder/lake-folder.ts");
    const { memoryMegabytes } = this.options;
    const limits = { ...DEFAULT_LIMITS, ...defined({ threads, memoryMegabytes }) };
    return openLakeFolder(this.folder, limits, signal);
  }

  /** The change log as statements of the open lake keep it. */
  async keptLog(): Promise<KeptLog> {
    const { KeptLog } = await import("../embedded/reading/kept-log.ts");
    this.#keptLog ??= new KeptLog();
    return this.#keptLog;
  }

  async close(): Promise<void> {
    await this.lifetime.close();
    await this.#keptLog?.remove();
  }

  async withEngine<T>(
    signal: AbortSignal,
    use: (lake: LakeFolder) => Promise<T>,
    threads?: number,
  ): Promise<T> {
    const lake = await this.openEngine(signal, threads);
    try {
      return await use(lake);
    } finally {
      await lake.close();
    }
  }
}
