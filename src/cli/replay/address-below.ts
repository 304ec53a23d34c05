/** An address below the service's own, which may have a path. */
export function addressBelow(url: string, path: string): URL {
  return new URL(path, url.replace(/\/*$/, "/"));
}
