/** The state that runs the statements of a plan. */
import { BACKOFF, each, integration, type State } from "./states.ts";

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
          {
            ErrorEquals: [
              "Athena.InternalServerException",
              "Athena.SdkClientException",
              "Athena.ThrottlingException",
              "Athena.TooManyRequestsException",
            ],
            ...BACKOFF,
          },
        ],
        // Athena's answer repeats the statement, and would be too much of many.
        ResultPath: "$.query",
        OutputPath: "$.query.QueryExecution.Status.State",
      },
    },
    next,
  );
}

/** Of the 20 to 200 statements that an account may run at once, by its region. */
const STATEMENTS_AT_ONCE = 5;
/** Athena ends a statement after 30 minutes; it may have waited in its queue before. */
const STATEMENT_SECONDS = 3600;
