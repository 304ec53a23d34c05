/** Who signs in: what `POST /dev/token` is asked for. */
export interface Identity {
  userId: string;
  username: string;
}

/** What of `localStorage` is used. */
export interface Keeper {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

export const IDENTITY_KEY = "roomful:identity";
export const MAX_NAME_LENGTH = 64;
const MAX_ID_LENGTH = 128;

/** "Ada", "ada" and " ADA " are one person. undefined: there is nothing to call somebody by. */
export function identityOf(typed: string): Identity | undefined {
  const username = typed
    .toWellFormed()
    // What joins two emoji into one is not seen by itself, and stays.
    .replace(/(?:(?!(?<=\p{S}\uFE0F?)\u200D(?=\p{S}))[\p{C}\s])+/gu, " ")
    .trim()
    .slice(0, MAX_NAME_LENGTH)
    // Cut in the middle of a character.
    .replace(/[\uD800-\uDBFF]$/, "");
  const userId = username.normalize("NFKC").toLowerCase().slice(0, MAX_ID_LENGTH).toWellFormed();
  return /[\p{L}\p{N}\p{S}]/u.test(username) ? { userId, username } : undefined;
}

export function readIdentity(keeper: Keeper): Identity | undefined {
  try {
    const { username } = JSON.parse(keeper.getItem(IDENTITY_KEY) ?? "{}") as Partial<Identity>;
    return identityOf(String(username ?? ""));
  } catch {
    // Of another program, or forbidden: sign in.
    return undefined;
  }
}

export function keepIdentity(keeper: Keeper, identity: Identity | undefined): void {
  if (identity) {
    keeper.setItem(IDENTITY_KEY, JSON.stringify(identity));
  } else {
    keeper.removeItem(IDENTITY_KEY);
  }
}
