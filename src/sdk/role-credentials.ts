/** Credentials of a role that the caller may assume, such as one of another account. */
import { AssumeRoleCommand, STSClient, type STSClientConfig } from "@aws-sdk/nested-clients/sts";
import { defined } from "../core/defined.ts";
import { DynalakeError } from "../core/error.ts";
import { awsError } from "./aws-error.ts";
import { type ClientOptions, clientOptions } from "./clients.ts";
import { withoutLog } from "./without-log.ts";

export interface RoleCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** What CloudTrail shows in the role's account. */
const SESSION = "dynalake";

/**
 * For the option `credentials` of a client, which asks again before they expire. `own` are the caller's: a client of this package
 * finds none by itself. Asking fails with CREDENTIALS, THROTTLED, UNREACHABLE or SOURCE_FAILED.
 */
export function roleCredentials(
  roleArn: string,
  own: NonNullable<STSClientConfig["credentials"]>,
  options: ClientOptions = clientOptions(),
): () => Promise<RoleCredentials> {
  const client = withoutLog(new STSClient({ ...options, credentials: own }));
  const command = new AssumeRoleCommand({ RoleArn: roleArn, RoleSessionName: SESSION });
  return async () => {
    const { Credentials } = await client.send(command).catch((error: unknown) => {
      const attempt = `assume role ${roleArn}`;
      throw withAdvice(awsError(error, { service: "STS", attempt, otherwise: "SOURCE_FAILED" }));
    });
    const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey } = Credentials ?? {};
    if (accessKeyId === undefined || secretAccessKey === undefined)
      throw new DynalakeError("SOURCE_FAILED", `assuming role ${roleArn} gave no credentials`);
    const { Expiration: expiration, SessionToken: sessionToken } = Credentials ?? {};
    return { accessKeyId, secretAccessKey, ...defined({ expiration, sessionToken }) };
  };
}

function withAdvice(error: DynalakeError): DynalakeError {
  if (error.code !== "CREDENTIALS") return error;
  const next =
    'The role\'s owner must let the function assume it: docs/aws.md, "A table of another account".';
  return new DynalakeError(error.code, error.message, { cause: error.cause, next });
}
