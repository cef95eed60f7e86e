/** Whether a deployment's stream is being read, and how far behind, from its event source mapping and iterator age. */
import { CloudWatchClient } from "@aws-sdk/client-cloudwatch";
import { LambdaClient } from "@aws-sdk/client-lambda";
import { type AwsSettings, clientOptions } from "../sdk/clients.ts";
import type { Deployment } from "./deployment.ts";
import { readMapping } from "./event-source-mapping.ts";
import { iteratorAges } from "./iterator-age.ts";

export interface DeliveryStatus {
  /** Enabled while the stream is read; otherwise Disabled, Creating, Updating and so on. */
  readonly state: string;
  /** Lambda's report on the last batch: OK, No records processed, or a problem. */
  readonly lastResult: string | undefined;
  /** The age of the last records when they were read; undefined without records or without permission. */
  readonly iteratorAgeSeconds: number | undefined;
}

const AGE_WINDOW_SECONDS = 15 * 60;

export async function deliveryStatus(
  { eventSourceMapping, streamFunction }: Pick<Deployment, "eventSourceMapping" | "streamFunction">,
  nowSeconds: number,
  settings: AwsSettings = {},
): Promise<DeliveryStatus> {
  const options = clientOptions(settings);
  const lambda = new LambdaClient(options);
  const cloudWatch = new CloudWatchClient(options);
  try {
    const mapping = await readMapping(lambda, eventSourceMapping);
    return {
      state: mapping.State ?? "unknown",
      lastResult: mapping.LastProcessingResult,
      // Optional: the rest of the status is useful without it.
      iteratorAgeSeconds: await iteratorAge(cloudWatch, streamFunction, nowSeconds).catch(() => undefined),
    };
  } finally {
    lambda.destroy();
    cloudWatch.destroy();
  }
}

async function iteratorAge(
  client: CloudWatchClient,
  functionName: string,
  nowSeconds: number,
): Promise<number | undefined> {
  const sinceSeconds = nowSeconds - AGE_WINDOW_SECONDS;
  const ages = await iteratorAges(client, { functionName, sinceSeconds, untilSeconds: nowSeconds });
  return ages.at(-1)?.ageSeconds;
}
