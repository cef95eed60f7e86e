/** The secret of columns masked by sha256, from Secrets Manager: only the functions that make rows may read it. */
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { DynalakeError } from "../core/error.ts";
import { awsError } from "../sdk/aws-error.ts";

/** Undefined where the deployment masks nothing. */
export async function readMaskKey(secretArn: string | undefined): Promise<Uint8Array | undefined> {
  if (secretArn === undefined) return undefined;
  const client = new SecretsManagerClient({});
  try {
    const answer = await client.send(new GetSecretValueCommand({ SecretId: secretArn }));
    if (answer.SecretString === undefined || answer.SecretString === "")
      throw new DynalakeError("USAGE", "the secret of the mask key holds no text");
    return new TextEncoder().encode(answer.SecretString);
  } catch (error) {
    if (error instanceof DynalakeError) throw error;
    throw awsError(error, {
      attempt: "read the secret of the mask key",
      service: "Secrets Manager",
      otherwise: "STORE_FAILED",
    });
  } finally {
    client.destroy();
  }
}
