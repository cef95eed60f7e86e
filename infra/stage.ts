/** The state that runs the statements of a plan. */
import { BACKOFF, each, integration, PATIENCE, type State } from "./states.ts";

export interface StagePlace {
  readonly bucket: string;
  readonly database: string;
  readonly workGroup: string;
}

/**
 * Runs the statements of a plan, JSON lines of { sql }. None may run twice: what one writes is not removed when it fails. So
 * only its start is repeated, under a token by which Athena knows it again.
 */
export function stage(place: StagePlace, keyPath: string, runPath: string, next: string): State {
  return each(
    {
      label: "Statement",
      bucket: place.bucket,
      key: keyPath,
      item: {
        "sql.$": "$$.Map.Item.Value.sql",
        "token.$": `States.Format('dynalake-statement-of-run-{}-{}', ${runPath}, $$.Map.Item.Index)`,
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
        // Athena's answer repeats the statement: beside the one in the input it would be more than a state may hold.
        ResultSelector: { "state.$": "$.QueryExecution.Status.State" },
      },
    },
    next,
  );
}

/** Of the 20 to 200 statements that an account may run at once, by its region. */
const STATEMENTS_AT_ONCE = 5;
/** Athena ends a statement after 30 minutes; it may have waited in its queue before. */
const STATEMENT_SECONDS = 3600;
