/** The state that runs a plan's statements. */
import { BACKOFF, each, FAILURE, integration, PATIENCE, type State } from "./states.ts";

export interface StagePlace {
  readonly bucket: string;
  readonly database: string;
  readonly workGroup: string;
}

/**
 * Runs a plan's statements, given as JSON lines of { sql }. None may run twice, because the output of a failed statement stays.
 * So only starting a statement is retried, with a token by which Athena recognizes it.
 */
export function stage(
  place: StagePlace,
  keyPath: string,
  tokenPath: string,
  { done, failed }: { readonly done: string; readonly failed: string },
): State {
  const statements = each(
    {
      label: "Statement",
      bucket: place.bucket,
      key: keyPath,
      item: {
        "sql.$": "$$.Map.Item.Value.sql",
        "token.$": `States.Format('{}-{}', ${tokenPath}, $$.Map.Item.Index)`,
      },
      concurrency: STATEMENTS_AT_ONCE,
      state: {
        Type: "Task",
        Resource: integration("athena:startQueryExecution.sync"),
        Parameters: {
          "QueryString.$": "$.sql",
          "ClientRequestToken.$": "$.token",
          WorkGroup: place.workGroup,
          QueryExecutionContext: { Database: place.database, Catalog: "AwsDataCatalog" },
        },
        TimeoutSeconds: STATEMENT_SECONDS,
        Retry: [
          { ErrorEquals: ["Athena.ThrottlingException", "Athena.TooManyRequestsException"], ...PATIENCE },
          // breakage: statement-is-never-retried
          {
            ErrorEquals: [
              "Athena.AmazonAthenaException",
              "Athena.InternalServerException",
              "Athena.SdkClientException",
            ],
            ...BACKOFF,
          },
        ],
        // Athena's answer repeats the statement; together with the one in the input it would exceed a state's size limit.
        ResultSelector: { "state.$": "$.QueryExecution.Status.State" },
      },
    },
    done,
  );
  return { ...statements, Catch: [{ ...FAILURE, Next: failed }] };
}

/** An account may run 20 to 200 statements at once, depending on the region. */
const STATEMENTS_AT_ONCE = 5;
/** Athena stops a statement after 30 minutes, and may queue it before that. */
const STATEMENT_SECONDS = 3600;
