/** Findings for a webhook: a POST of JSON. Its address is a secret, and is in no message. */
import { DynalakeError } from "../core/error.ts";
import type { FindingsReceiver } from "./findings-sender.ts";

const ANSWER_MS_MAX = 10_000;

/** Throws USAGE if it is not such an address, and does not show it. */
export function webhook(address: string, millisecondsMax: number = ANSWER_MS_MAX): FindingsReceiver {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !["http:", "https:"].includes(url.protocol))
    throw new DynalakeError("USAGE", "the webhook's address is not an http(s) URL", {
      next: "Set DYNALAKE_WEBHOOK_URL to one.",
    });
  // breakage: webhook-without-user
  if (url.username !== "" || url.password !== "")
    throw new DynalakeError(
      "USAGE",
      "the webhook's address has a user name or a password, which is not supported",
      {
        next: "Set DYNALAKE_WEBHOOK_URL to an address with its token in the path or the query.",
      },
    );
  return {
    name: "the webhook",
    send: async (message, stop) => {
      const answer = await fetch(url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(message),
        redirect: "manual",
        signal: AbortSignal.any([stop, AbortSignal.timeout(millisecondsMax)]), // breakage: webhook-is-bounded
      }).catch((error: { readonly name?: unknown }) => {
        throw new Error(error.name === "TimeoutError" ? "no answer in time" : "not reached");
      });
      await answer.body?.cancel();
      if (!answer.ok) throw new Error(`the answer was ${answer.status}`);
    },
  };
}
