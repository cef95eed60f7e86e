/** The doctor of a deployment: what it shows of all that it relies on. It only reads. */
import type { AwsLake } from "../../aws/aws-lake.ts";
import type { Deployment } from "../../aws/deployment.ts";
import {
  answerToEach,
  type DoubtAnswer,
  type Examination,
  notSeen,
  unread,
} from "../../core/doctor/answer.ts";
import {
  ERROR_DOUBTS,
  judgeAccess,
  judgeCommits,
  judgeErrors,
  judgeFailedBatches,
  judgeMapping,
  judgeSnapshot,
  judgeStack,
  judgeStreamLabel,
  judgeView,
} from "../../core/doctor/judge-deployment.ts";
import { judgeHours, judgeLog, LOG_DOUBTS } from "../../core/doctor/judge-log.ts";
import { judgePlan } from "../../core/doctor/judge-plan.ts";
import {
  judgeSegments,
  judgeStatements,
  SEGMENT_DOUBTS,
  STATEMENT_DOUBTS,
} from "../../core/doctor/judge-segments.ts";
import { DynalakeError } from "../../core/error.ts";
import { type OpenTable, openTable } from "../../core/table/open-table.ts";
import { knownGaps } from "../../core/table/recorded-gaps.ts";
import { readStreamWatch } from "../../core/table/stream-watch.ts";
import { nowSeconds } from "../../sdk/new-run-id.ts";
import type { OpenedStack } from "../open-stack.ts";
import {
  readAccess,
  readCommitVersions,
  readErrors,
  readFailedBatches,
  readMappingFacts,
  readStack,
  readStreamFacts,
  readView,
} from "./deployment-facts.ts";
import { type ListedObject, newestObjects, readLogFacts, writtenObjects } from "./log-facts.ts";
import { readViewPlan } from "./plan-facts.ts";
import { readSegmentFacts, readStatementFiles } from "./segment-facts.ts";

export type { DoubtAnswer, Verdict } from "../../core/doctor/answer.ts";
export { DOUBTS } from "../../core/doctor/doubts.ts";

/** One answer for each doubt, from all of these lake tables; `trials` are made first. */
export async function examineStack(
  stack: OpenedStack,
  deployments: readonly Deployment[],
  trials: readonly Examination[],
): Promise<readonly DoubtAnswer[]> {
  const answers: DoubtAnswer[] = [];
  for (const trial of trials) answers.push(...(await carriedOut(stack, trial)));
  for (const deployment of deployments) {
    const lake = stack.lakeOf(deployment);
    const opened = await openTable(lake.store, deployment.table);
    const now = nowSeconds();
    const listed = once(() => newestObjects(lake.store, deployment.table, now));
    for (const examination of examinationsOf({ stack, deployment, lake, opened, now, listed }))
      answers.push(...(await carriedOut(stack, examination)));
  }
  return answerToEach(answers);
}

/** One that fails does not keep the others from it; an interrupt does. */
async function carriedOut(
  { signal }: Pick<OpenedStack, "signal">,
  { answers, doubts }: Examination,
): Promise<readonly DoubtAnswer[]> {
  try {
    return await answers();
  } catch (error) {
    if (!(error instanceof DynalakeError) || signal.aborted) throw error;
    return unread(doubts, `${error.code}, ${error.message}`); // breakage: unread-is-not-seen
  }
}

interface Examined {
  readonly stack: OpenedStack;
  readonly deployment: Deployment;
  readonly lake: AwsLake;
  /** Undefined while nothing has been written into the table. */
  readonly opened: OpenTable | undefined;
  readonly now: number;
  /** The newest objects of the change log. */
  readonly listed: () => Promise<readonly ListedObject[]>;
}

/** Reads when it is first asked, and keeps the answer. */
function once<Value>(read: () => Promise<Value>): () => Promise<Value> {
  let value: Promise<Value> | undefined;
  return () => {
    value ??= read();
    return value;
  };
}

function examinationsOf(examined: Examined): readonly Examination[] {
  const { deployment, lake, opened, stack } = examined;
  const { store } = lake;
  const { table } = deployment;
  const services: readonly Examination[] = [
    {
      doubts: ["custom-resources", "asynchronous-invocations", "name-patterns", "updates"],
      answers: () => stackAnswers(examined),
    },
    {
      doubts: ["mapping-state"],
      answers: async () => [judgeMapping(await readMappingFacts(stack, deployment))],
    },
    {
      doubts: ["stream-label"],
      answers: async () => [judgeStreamLabel(await readStreamFacts(deployment))],
    },
    ...(deployment.ownerRole === undefined
      ? []
      : [
          {
            doubts: ["other-account"] as const,
            answers: async () => [judgeAccess(await readAccess(stack, deployment))],
          },
        ]),
    {
      doubts: ["failed-batches"],
      answers: async () => [judgeFailedBatches(await readFailedBatches(store, deployment))],
    },
    { doubts: ERROR_DOUBTS, answers: async () => judgeErrors(await readErrors(store, table)) },
    {
      doubts: ["conditional-create"],
      answers: async () => {
        const versions = await readCommitVersions(lake, table);
        return versions === undefined ? [] : [judgeCommits(versions)];
      },
    },
  ];
  return opened === undefined ? services : [...services, ...dataExaminations(examined, opened)];
}

/** Those that read what was written. */
function dataExaminations(
  { deployment, lake, listed, now, stack }: Examined,
  opened: OpenTable,
): readonly Examination[] {
  const { store } = lake;
  const { table } = deployment;
  const { region } = stack;
  const place = { lake, deployment, region, nowSeconds: now };
  return [
    {
      doubts: ["export-manifest", "distributed-map", "machine-limits"],
      answers: async () => judgeSnapshot(opened.manifest),
    },
    { doubts: LOG_DOUBTS, answers: async () => judgeLog(await readLogFacts(place, await listed())) },
    {
      doubts: ["hour-of-prefix"],
      answers: async () => [judgeHours(writtenObjects(await listed()))],
    },
    {
      doubts: ["partitions-read"],
      answers: async () => [judgePlan(await readViewPlan(lake, opened, now))],
    },
    { doubts: SEGMENT_DOUBTS, answers: async () => judgeSegments(await readSegmentFacts(lake, opened)) },
    {
      doubts: STATEMENT_DOUBTS,
      answers: async () => judgeStatements(await readStatementFiles(store, table)),
    },
    {
      doubts: ["version-id", "glue-views"],
      answers: async () => {
        if (opened.manifest.sequence === 0)
          return [notSeen("glue-views", "there are no views before a commit")];
        return judgeView(await readView(lake, table));
      },
    },
  ];
}

async function stackAnswers({
  deployment,
  lake,
  listed,
  opened,
  stack,
}: Examined): Promise<readonly DoubtAnswer[]> {
  const { store } = lake;
  const { table } = deployment;
  const { status, updatedAtSeconds } = await readStack(stack);
  const gaps = opened === undefined ? [] : await knownGaps(store, table, opened.manifest);
  const written = writtenObjects(await listed());
  return judgeStack({
    status,
    updatedAtSeconds,
    deliveredAtSeconds: written.reduce(
      (newest, { writtenAtSeconds }) => Math.max(newest, writtenAtSeconds),
      0,
    ),
    gapsSince: gaps.filter(({ foundAtSeconds }) => foundAtSeconds >= (updatedAtSeconds ?? 0)).length,
    lookedAtSeconds: (await readStreamWatch(store, table))?.lookedSeconds,
  });
}
