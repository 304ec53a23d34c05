/** Tells a person what went wrong and why, without a stack. */
export function reportFailure(error: unknown): void {
  console.error(`roomful: ${sentencesOf(error).join("\n  because: ")}`);
}

function sentencesOf(error: unknown): string[] {
  if (!(error instanceof Error)) {
    return [String(error)];
  }
  const text = error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
  return [text, ...(error.cause === undefined ? [] : sentencesOf(error.cause))];
}

/** Node's own network errors may have a code and no text. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) {
    return String(error);
  }
  return error.message || ("code" in error ? String(error.code) : error.name);
}
