/** What the console needs of a lake, wherever it lies. Nothing here writes. */
import type {
  ConsolePlace,
  ItemHistory,
  LakeOverview,
  QuarantineReport,
  Relation,
  TableDetails,
} from "./api.ts";

export interface ConsoleLake {
  readonly place: ConsolePlace;
  overview(): Promise<LakeOverview>;
  relations(): Promise<readonly Relation[]>;
  /** Rejects with LAKE_NOT_FOUND. */
  table(name: string): Promise<TableDetails>;
  quarantine(): Promise<QuarantineReport>;
  /** `key`: the values of the key's columns as text, by their names. Rejects with USAGE if they cannot be such values. */
  item(table: string, key: Readonly<Record<string, string>>, signal: AbortSignal): Promise<ItemHistory>;
}
