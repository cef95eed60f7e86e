/** What the command line takes from the environment. Nothing else reads it. */
export interface Settings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The secret of columns masked by sha256. */
  readonly maskKey: Uint8Array | undefined;
}

export function settingsFrom(environment: Readonly<Record<string, string | undefined>>): Settings {
  const secret = environment.DYNALAKE_MASK_KEY;
  return {
    environment,
    maskKey: secret === undefined || secret === "" ? undefined : new TextEncoder().encode(secret),
  };
}
