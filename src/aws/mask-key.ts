/** The key for columns masked with sha256, from Secrets Manager. Only the functions that create rows may read it. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DynalakeError } from "../core/error.ts";
import { awsError } from "../sdk/aws-error.ts";

/** Undefined if the deployment masks nothing. */
export async function readMaskKey(secretArn: string | undefined): Promise<Uint8Array | undefined> {
  if (secretArn === undefined) return undefined;
  const client = new SecretsManagerClient({});
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    if (answer.SecretString === undefined || answer.SecretString === "")
      throw new DynalakeError("USAGE", "the mask key's secret does not contain text");
    return new TextEncoder().encode(answer.SecretString);
  } catch (error) {
    if (error instanceof DynalakeError) throw error;
    throw awsError(error, {
      attempt: "read the mask key's secret",
      service: "Secrets Manager",
      otherwise: "STORE_FAILED",
    });
  } finally {
    client.destroy();
  }
}
