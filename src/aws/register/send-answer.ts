/** Sends the answer of a custom resource to the presigned address at which CloudFormation waits for it. */
import { DynalakeError } from "../../core/error.ts";
import type { CustomResourceAnswer } from "./custom-resource.ts";

const ANSWER_MS_MAX = 30_000;

/** Throws UNREACHABLE: the function is run again, and does the same. */
export async function sendAnswer(address: string, answer: CustomResourceAnswer): Promise<void> {
  const body = JSON.stringify(answer);
  const signal = AbortSignal.timeout(ANSWER_MS_MAX);
  // The address is signed without a content type.
  const headers = { "content-type": "" };
  const sent = await fetch(address, { method: "PUT", body, headers, signal }).catch((cause: unknown) => {
    throw new DynalakeError("UNREACHABLE", "cannot send the answer to CloudFormation: no response", {
      cause,
    });
  });
  if (!sent.ok)
    throw new DynalakeError("UNREACHABLE", `cannot send the answer to CloudFormation: status ${sent.status}`);
}
