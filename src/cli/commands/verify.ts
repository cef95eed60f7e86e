/** `dynalake verify`: proves the lake against its source, and names every difference. */
import { quarantineFolder } from "../../core/format/lake-path.ts";
import { openGaps } from "../../core/format/manifest.ts";
import { chosenManifest } from "../../core/overlay/lake-view.ts";
import { undeliveredObjects } from "../../core/status/status.ts";
import { knownGaps } from "../../core/table/lake-table.ts";
import type { VerifyProgress } from "../../core/verify/verify.ts";
import { quarantineReasons } from "../../core/verify/verify-quarantine.ts";
import { verifyTable } from "../../embedded/verifying/verify.ts";
import { type CommandContext, EXIT, type ExitCode } from "../command.ts";
import { type LakeOptions, lakeTarget } from "../lake-target.ts";
import { type LakeTable, openTarget } from "../opened-lake.ts";
import { resultOf, type VerifiedTable, type VerifyResult, verifyJson, verifyText } from "../verify-report.ts";
import { type SourceChoice, verifySides } from "../verify-sides.ts";

export interface VerifyOptions extends LakeOptions, SourceChoice {
  readonly table?: string;
  readonly max: number;
  readonly json?: boolean;
}

const EXITS: Readonly<Record<VerifyResult, ExitCode>> = {
  identical: EXIT.done,
  unsettled: EXIT.incomplete,
  different: EXIT.different,
};

export async function verifyCommand(context: CommandContext, options: VerifyOptions): Promise<ExitCode> {
  const { region, ...target } = options;
  // The region is the source's: a lake in a folder has none.
  const lake = await openTarget(context, lakeTarget(options.stack === undefined ? target : options));
  try {
    const tables: VerifiedTable[] = [];
    for (const table of await lake.tables(options.table)) {
      const verified = await verifyOne(context, options, table);
      if (options.json !== true)
        await context.terminal.print(`${tables.length === 0 ? "" : "\n"}${verifyText(verified)}`);
      tables.push(verified);
    }
    if (options.json === true) {
      const report = { lake: lake.place, tables: tables.map(verifyJson) };
      await context.terminal.print(`${JSON.stringify(report, null, 2)}\n`);
    }
    return Math.max(...tables.map((table) => EXITS[resultOf(table)])) as ExitCode;
  } finally {
    await lake.close();
  }
}

async function verifyOne(
  context: CommandContext,
  options: VerifyOptions,
  table: LakeTable,
): Promise<VerifiedTable> {
  const { store, schema } = table;
  const { close, ...sides } = await verifySides(context, table, options);
  try {
    const verification = await verifyTable({
      ...sides,
      schema,
      namedMax: options.max,
      onProgress: (progress) => context.terminal.progress(progressText(schema.table, progress)),
    });
    context.terminal.settle();
    const manifest = await chosenManifest(table, undefined);
    const differing = new Set(verification.differences.map(({ keyHash }) => keyHash));
    return {
      ...verification,
      table: schema.table,
      source: schema.source,
      quarantined: await quarantineReasons(store, schema.table, schema.key, differing),
      quarantine: (await store.list(quarantineFolder(schema.table))).length,
      undelivered: await undeliveredObjects(store, schema.table, table.mappingId),
      openGaps: openGaps(manifest, await knownGaps(store, schema.table, manifest)),
    };
  } finally {
    close();
  }
}

function progressText(table: string, { step, done }: VerifyProgress): string {
  const count = done.toLocaleString("en-US");
  switch (step) {
    case "source":
      return `${table}: ${count} items of the source read`;
    case "lake":
      return `${table}: ${count} items of the lake read`;
    case "settling":
      return `${table}: ${count} keys asked again`;
  }
}
