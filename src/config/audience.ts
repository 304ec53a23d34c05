/** As an audience: any, on purpose. */
export const ANY_AUDIENCE = "*";

/** What a token's `aud` must name; undefined: it is not looked at. */
export function requiredAudience({ audience }: { audience?: string | undefined }): string | undefined {
  return audience === ANY_AUDIENCE ? undefined : audience;
}
