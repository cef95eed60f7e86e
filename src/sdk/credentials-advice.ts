/** What leads out of a failure of credentials: there are none, they have ended, they are wrong, or they do not allow the call. */

type Failing = "missing" | "signedOut" | "ended" | "clock" | "wrong" | "notAllowed";

/** Sources: "Common errors" in the API references, "Error responses" of S3. Any other name: the call is not allowed. */
const KINDS: Readonly<Record<string, Failing>> = {
  CredentialsProviderError: "missing",
  TokenProviderError: "signedOut",
  ExpiredToken: "ended",
  ExpiredTokenException: "ended",
  RequestExpired: "clock",
  RequestTimeTooSkewed: "clock",
  AuthFailure: "wrong",
  IncompleteSignature: "wrong",
  IncompleteSignatureException: "wrong",
  InvalidAccessKeyId: "wrong",
  InvalidClientTokenId: "wrong",
  InvalidSignatureException: "wrong",
  MissingAuthenticationToken: "wrong",
  MissingAuthenticationTokenException: "wrong",
  SignatureDoesNotMatch: "wrong",
  UnrecognizedClientException: "wrong",
};

const SET_THEM = "AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

const ADVICE: Readonly<Record<Failing, string>> = {
  missing: `Set ${SET_THEM}, then try again.`,
  signedOut: "Run `aws sso login` with the profile, then try again.",
  ended: "Sign in again, such as with `aws sso login`, or set new temporary credentials, then try again.",
  clock: "Set the clock of this machine, then try again.",
  wrong: `Check ${SET_THEM} and, for temporary credentials, AWS_SESSION_TOKEN, then try again.`,
  notAllowed:
    "Grant the role or user the permission that the message names, in its own policies and in those of the table, the bucket and the key.",
};

/** The next step after a failure of this name; `message` is the SDK's or the service's. */
export function credentialsAdvice(name: string, message: string): string {
  const kind = Object.hasOwn(KINDS, name) ? KINDS[name] : undefined;
  // The SDK has one name for both.
  if (kind === "missing" && /\bSSO\b/.test(message)) return ADVICE.signedOut;
  return ADVICE[kind ?? "notAllowed"];
}
