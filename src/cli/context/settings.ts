/** What the command line takes from the environment. Nothing else reads it. */
export interface Settings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The secret of columns masked by sha256. */
  readonly maskKey: Uint8Array | undefined;
  /** Where `run` posts its findings; a secret. */
  readonly webhookUrl: string | undefined;
}

export function settingsFrom(environment: Readonly<Record<string, string | undefined>>): Settings {
  const maskKey = given(environment.DYNALAKE_MASK_KEY);
  return {
    environment,
    maskKey: maskKey === undefined ? undefined : new TextEncoder().encode(maskKey),
    webhookUrl: given(environment.DYNALAKE_WEBHOOK_URL),
  };
}

/** An empty variable counts as none. */
function given(text: string | undefined): string | undefined {
  return text === "" ? undefined : text;
}
