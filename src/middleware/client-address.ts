interface AddressSource {
  address: string;
  headers: Record<string, string | string[] | undefined>;
}

/** The client's address. Behind a proxy it is the last that X-Forwarded-For names: earlier ones are the client's own words. */
export function createAddressOf(trustProxy: boolean) {
  return ({ address, headers }: AddressSource): string => {
    const forwarded = trustProxy ? [headers["x-forwarded-for"]].flat().join(",") : "";
    return forwarded.split(",").at(-1)?.trim() || address;
  };
}
