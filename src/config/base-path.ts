/** Characters that mean the same in an address, in the router, and in a proxy's settings. */
const BASE_PATH = /^(\/[A-Za-z0-9._~-]+)+$/;
const DOTS = /\/\.\.?(\/|$)/;

/** Whether the service can stand under this path. Browsers and proxies resolve `.` and `..` before they ask. */
export function isBasePath(path: string): boolean {
  return BASE_PATH.test(path) && !DOTS.test(path);
}
