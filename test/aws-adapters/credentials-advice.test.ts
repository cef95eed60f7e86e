/** What is wrong with credentials decides the next step: a policy does not help where there are none. */
import { expect, test } from "@jest/globals";
import { awsError } from "../../src/sdk/aws-error.ts";

function failed(name: string, message: string, fields: object = {}): Error {
  return Object.assign(new Error(message), { name, ...fields });
}

const SSO = "The SSO session token associated with profile=work was not found or is invalid.";

test.each([
  [
    "none",
    failed("CredentialsProviderError", "Could not load credentials from any providers"),
    "Set AWS_PROFILE",
  ],
  ["an SSO session that has ended", failed("CredentialsProviderError", SSO), "aws sso login"],
  ["a token that cannot be renewed", failed("TokenProviderError", "Token is expired."), "aws sso login"],
  [
    "temporary ones that have ended",
    failed("ExpiredTokenException", "expired", { $fault: "client" }),
    "Sign in again",
  ],
  ["a clock that is wrong", failed("RequestTimeTooSkewed", "too skewed", { $fault: "client" }), "clock"],
  ["a wrong secret", failed("SignatureDoesNotMatch", "no match", { $fault: "client" }), "Check AWS_PROFILE"],
  [
    "a permission that is missing",
    failed("AccessDeniedException", "not authorized", { $fault: "client" }),
    "Grant",
  ],
  ["HEAD, which has no body", failed("403", "", { $metadata: { httpStatusCode: 403 } }), "Grant"],
])("%s", (_, error, next) => {
  const failure = awsError(error, { service: "S3", attempt: "read", otherwise: "STORE_FAILED" });
  expect(failure).toMatchObject({ code: "CREDENTIALS", next: expect.stringContaining(next) });
});
