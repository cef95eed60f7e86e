/**
 * Whether an endpoint is on this machine: an emulator, which accepts any credentials and has no limits and no bill.
 * Undefined means AWS.
 */
export function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(new URL(endpoint).hostname);
}
