/** Microseconds of the machine's monotonic clock, which all its processes share on Linux. */
export function nowUs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1e6 + Math.floor(nanoseconds / 1e3);
}
