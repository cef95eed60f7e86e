/** Sets off the doctor's own alarm, by a value of its metric, and reads what became of it. */
import {
  CloudWatchClient,
  DescribeAlarmHistoryCommand,
  DescribeAlarmsCommand,
  PutMetricDataCommand,
} from "@aws-sdk/client-cloudwatch";
import { metricsNamespaceOf } from "../../aws/contracts/metrics.ts";
import type { Deployment } from "../../aws/deployment.ts";
import { defined } from "../../core/defined.ts";
import { DOCTOR_ALARM, DOCTOR_METRIC } from "../../core/doctor/doctor-items.ts";
import type { AlarmFacts } from "../../core/doctor/judge-tries.ts";
import { awsError } from "../../sdk/aws-error.ts";
import { clientOptions } from "../../sdk/clients.ts";
import type { Timing } from "../../sdk/timing.ts";
import { withoutLog } from "../../sdk/without-log.ts";
import type { OpenedStack } from "../open-stack.ts";
import { withinPatience } from "./patience.ts";

/** The alarm looks at a minute, and a value needs some to be there (AWS: CloudWatch user guide, "Alarm evaluation"). */
const ALARM_SECONDS = 600;
/** Its history lags behind its state. */
const HISTORY_SECONDS = 60;
/** By the clocks of this machine and of CloudWatch. */
const CLOCKS_MS = 60_000;

export async function setOffAlarm(
  { region, signal }: Pick<OpenedStack, "region" | "signal">,
  { database }: Pick<Deployment, "database">,
  timing: Timing,
): Promise<AlarmFacts> {
  const client = withoutLog(new CloudWatchClient(clientOptions(defined({ region }))));
  const facts = (state: AlarmFacts["state"], action: AlarmFacts["action"] = "nothing"): AlarmFacts => ({
    ...{ name: DOCTOR_ALARM, state, action },
  });
  try {
    const before = await stateOf(client);
    if (before === undefined) return facts("none");
    if (before === "ALARM") return facts("before");
    const beganMs = timing.nowMs();
    await putValue(client, database);
    const alarmed = await withinPatience({ seconds: ALARM_SECONDS, timing, signal }, async () =>
      (await stateOf(client)) === "ALARM" ? true : undefined,
    );
    if (alarmed === undefined) return facts("silent");
    const action = await withinPatience({ seconds: HISTORY_SECONDS, timing, signal }, async () => {
      const sinceBegan = await actionSince(client, beganMs - CLOCKS_MS);
      return sinceBegan === "nothing" ? undefined : sinceBegan;
    });
    return facts("set-off", action);
  } finally {
    client.destroy();
  }
}

async function stateOf(client: CloudWatchClient): Promise<string | undefined> {
  const { MetricAlarms: [alarm] = [] } = await client
    .send(new DescribeAlarmsCommand({ AlarmNames: [DOCTOR_ALARM] }))
    .catch(failed("describe the doctor's alarm"));
  return alarm?.StateValue;
}

async function putValue(client: CloudWatchClient, database: string): Promise<void> {
  const Dimensions = [{ Name: "Alarm", Value: DOCTOR_ALARM }];
  const MetricData = [{ MetricName: DOCTOR_METRIC, Dimensions, Value: 1 }];
  await client
    .send(new PutMetricDataCommand({ Namespace: metricsNamespaceOf(database), MetricData }))
    .catch(failed("give the doctor's metric a value"));
}

/** What the history says of actions. Its texts quote ARNs, which are left out. */
async function actionSince(client: CloudWatchClient, sinceMs: number): Promise<AlarmFacts["action"]> {
  const request = {
    ...{ AlarmName: DOCTOR_ALARM, HistoryItemType: "Action" as const, StartDate: new Date(sinceMs) },
  };
  const { AlarmHistoryItems = [] } = await client
    .send(new DescribeAlarmHistoryCommand(request))
    .catch(failed("read the history of the doctor's alarm"));
  const said = AlarmHistoryItems.map(({ HistorySummary = "" }) => HistorySummary);
  if (said.some((text) => /^Successfully executed/i.test(text))) return "ran";
  return said.some((text) => /^Failed/i.test(text)) ? "failed" : "nothing";
}

function failed(attempt: string): (error: unknown) => never {
  return (error) => {
    throw awsError(error, { service: "CloudWatch", attempt, otherwise: "SOURCE_FAILED" });
  };
}
