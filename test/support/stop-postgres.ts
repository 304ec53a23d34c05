import { throwaway } from "./throwaway";

/** After all tests. */
export default async function stopPostgres(): Promise<void> {
  await throwaway.postgres?.drop();
}
