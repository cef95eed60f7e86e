/** The doctor's trials, on a source table and a lake table of its own, which it leaves empty. */
import { randomUUID } from "node:crypto";
import type { TableInput } from "@aws-sdk/client-glue";
import type { AwsLake } from "../../aws/aws-lake.ts";
import type { Deployment } from "../../aws/deployment.ts";
import type { Examination } from "../../core/doctor/answer.ts";
import { DOCTOR_FOLDER, DOCTOR_TABLE } from "../../core/doctor/doctor-items.ts";
import {
  ALARM_DOUBTS,
  judgeAlarm,
  judgeHidden,
  judgeRace,
  judgeRefused,
  judgeVersions,
  judgeWritten,
  type RaceFacts,
  REFUSED_DOUBTS,
  type VersionFacts,
  WRITTEN_DOUBTS,
} from "../../core/doctor/judge-tries.ts";
import { DynalakeError } from "../../core/error.ts";
import { systemTiming, type Timing } from "../../sdk/timing.ts";
import type { OpenedStack } from "../open-stack.ts";
import { rowsOfHiddenFolder } from "./hidden-folder.ts";
import { setOffAlarm } from "./own-alarm.ts";
import { sendMisfit } from "./refused-row.ts";
import { thenRemoved } from "./then-removed.ts";
import { writeItems } from "./written-items.ts";

/** Throws USAGE unless the table is a doctor's own. */
export function trialsOf(
  stack: OpenedStack,
  deployment: Deployment,
  timing: Timing = systemTiming,
): readonly Examination[] {
  // breakage: only-own-table-is-written
  if (deployment.table !== DOCTOR_TABLE) {
    throw new DynalakeError(
      "USAGE",
      `--write works only on the doctor's own table, not on "${deployment.table}"`,
      {
        next: "Deploy it with `npx cdk deploy --all -c doctor=true`, and use --stack DynalakeDoctor.",
      },
    );
  }
  const lake = stack.lakeOf(deployment);
  return [
    { doubts: ["conditional-create"], answers: async () => [judgeRace(await race(lake))] },
    {
      doubts: ["hidden-folders"],
      answers: async () => [judgeHidden(await rowsOfHiddenFolder(lake))],
    },
    { doubts: ALARM_DOUBTS, answers: async () => judgeAlarm(await setOffAlarm(stack, deployment, timing)) },
    {
      doubts: WRITTEN_DOUBTS,
      answers: async () => judgeWritten(await writeItems(stack, deployment, timing)),
    },
    {
      doubts: REFUSED_DOUBTS,
      answers: async () => judgeRefused(await sendMisfit(stack, deployment, timing)),
    },
    {
      doubts: ["version-id"],
      answers: async () => {
        const facts = await updateTwice(lake);
        return facts === undefined ? [] : [judgeVersions(facts)];
      },
    },
  ];
}

const WRITERS = 8;

async function race({ store }: Pick<AwsLake, "store">): Promise<RaceFacts> {
  const path = `${DOCTOR_FOLDER}${randomUUID()}`;
  const contents = Array.from({ length: WRITERS }, (_, i) => new TextEncoder().encode(`writer ${i}`));
  return thenRemoved(async () => {
    const outcomes = await Promise.all(contents.map((content) => store.create(path, content)));
    const winners = contents.filter((_, i) => outcomes[i] === "created");
    const found = new TextDecoder().decode(await store.read(path));
    return {
      writers: WRITERS,
      winners: winners.length,
      isWinners: winners.some((content) => new TextDecoder().decode(content) === found),
    };
  }, [() => store.remove([path])]);
}

/** Writes the doctor's view as it is, and once more with the version that it had. Undefined if there is no view yet. */
async function updateTwice({ engine }: Pick<AwsLake, "engine">): Promise<VersionFacts | undefined> {
  const view = await engine.catalog.table(DOCTOR_TABLE);
  if (view?.VersionId === undefined) return undefined;
  const input: TableInput = {
    Name: view.Name,
    TableType: view.TableType,
    Parameters: view.Parameters,
    StorageDescriptor: view.StorageDescriptor,
    PartitionKeys: view.PartitionKeys,
    ViewOriginalText: view.ViewOriginalText,
    ViewExpandedText: view.ViewExpandedText,
  };
  const present = await engine.catalog.updateTable(input, view.VersionId);
  return { present, old: await engine.catalog.updateTable(input, view.VersionId) };
}
