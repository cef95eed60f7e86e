/**
 * Whether an endpoint is on this machine: an emulator, which takes any credentials and has neither limits nor a bill.
 * Absent means the service itself.
 */
export function isLoopback(endpoint: string | undefined): boolean {
  if (endpoint === undefined || !URL.canParse(endpoint)) return false;
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[::1\])$/i.test(new URL(endpoint).hostname);
}
