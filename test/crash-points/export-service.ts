/** The exports of DynamoDB and the streams of S3, as a snapshot calls them through the SDK. */
import { Readable } from "node:stream";
import {
  DescribeContinuousBackupsCommand,
  type ExportTableToPointInTimeCommand,
} from "@aws-sdk/client-dynamodb";
import { GetObjectCommand, type PutObjectCommand } from "@aws-sdk/client-s3";
import type { AwsClients } from "../../src/sdk/clients.ts";
import { exportLine, exportObjects } from "../support/export-folder.ts";
import type { MemoryStore } from "../support/memory-store.ts";
import type { Faults } from "./faults.ts";
import { itemOf, type State } from "./world.ts";

export const SOURCE_TABLE_ARN = "arn:aws:dynamodb:eu-west-1:123456789012:table/Source";

/** One of its items has no key. */
const UNKEYED_LINE = exportLine({ V: { S: "no key" } });

/** Two starts with the same token give one export, which is complete at once. */
export class ExportService {
  readonly #store: MemoryStore;
  /** Tokens by export id. */
  readonly #tokens: Map<string, string>;
  /** The items of the source table. */
  readonly items: State;
  readonly #itemOf: typeof itemOf;

  constructor(
    store: MemoryStore,
    items: State,
    tokens: ReadonlyMap<string, string> = new Map(),
    itemOfValue: typeof itemOf = itemOf,
  ) {
    this.#store = store;
    this.#itemOf = itemOfValue;
    this.#tokens = new Map(tokens);
    this.items = items;
  }

  copy(store: MemoryStore): ExportService {
    return new ExportService(store, this.items, this.#tokens, this.#itemOf);
  }

  /** The same service, once its table has these items. */
  of(items: State, itemOfValue: typeof itemOf = this.#itemOf): ExportService {
    return new ExportService(this.#store, items, this.#tokens, itemOfValue);
  }

  start(token: string, prefix: string, nowSeconds: number): string {
    const known = [...this.#tokens].find(([, own]) => own === token)?.[0];
    const id = known ?? `export-${this.#tokens.size}`;
    this.#tokens.set(id, token);
    if (known === undefined) this.#write(prefix, id, nowSeconds);
    return `${SOURCE_TABLE_ARN}/export/${id}`;
  }

  #write(prefix: string, id: string, nowSeconds: number): void {
    const lines = Object.entries(this.items).map(([key, value]) =>
      exportLine(this.#itemOf(Number(key), value)),
    );
    const files = lines.length === 0 ? [] : [[...lines.slice(1), UNKEYED_LINE], lines.slice(0, 1)];
    const request = {
      files: files.map((content) => ({ content })),
      exportTime: new Date(nowSeconds * 1000).toISOString(),
    };
    for (const [name, content] of exportObjects(request, { prefix: `${prefix}/`, id })) {
      const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
      this.#store.objects.set(`${prefix}/AWSDynamoDB/${id}/${name}`, {
        content: bytes,
        modifiedMs: nowSeconds * 1000,
      });
    }
  }
}

export interface ClientsOptions {
  readonly service: ExportService;
  readonly store: MemoryStore;
  readonly faults: Faults;
  readonly nowSeconds: number;
}

export function stepClients({ service, store, faults, nowSeconds }: ClientsOptions): AwsClients {
  const dynamodb = {
    send: (command: unknown) => {
      if (command instanceof DescribeContinuousBackupsCommand) {
        const PointInTimeRecoveryDescription = { PointInTimeRecoveryStatus: "ENABLED" };
        const ContinuousBackupsDescription = { PointInTimeRecoveryDescription };
        return faults.call("read backups", async () => ({ ContinuousBackupsDescription }));
      }
      const { input } = command as ExportTableToPointInTimeCommand;
      return faults.call("start an export", async () => ({
        ExportDescription: {
          ExportArn: service.start(input.ClientToken ?? "", input.S3Prefix ?? "", nowSeconds),
        },
      }));
    },
  };
  const s3 = {
    config: { endpoint: async () => ({ protocol: "https:", hostname: "s3", path: "/" }) },
    send: (command: unknown) => {
      if (command instanceof GetObjectCommand) {
        const { Key = "" } = command.input;
        const read = async () => ({ Body: Readable.from([store.objects.get(Key)?.content]) });
        return faults.call(`read object ${Key}`, read);
      }
      const { Key = "", Body } = (command as PutObjectCommand).input;
      return faults.call(`upload ${Key}`, () => store.replace(Key, Body as Uint8Array));
    },
  };
  // The execution before this one has ended somehow.
  const stepFunctions = {
    send: () => faults.call("describe an execution", async () => ({ status: "FAILED" })),
  };
  return { dynamodb, s3, stepFunctions } as unknown as AwsClients;
}
