import { RevocationList } from "../../../src/access/revocation-list";

async function setup(...records: { userId: string; issuedBefore: Date }[]) {
  const list = new RevocationList({ list: async () => records });
  await list.refresh();
  return { list, records };
}

it("withdraws what was issued before the moment, and nothing of later or of others", async () => {
  const { list } = await setup({ userId: "alice", issuedBefore: new Date(5_000) });

  expect(list.isRevoked({ userId: "alice", issuedAt: 4_000 })).toBe(true);
  expect(list.isRevoked({ userId: "alice", issuedAt: 5_000 })).toBe(false);
  expect(list.isRevoked({ userId: "bob", issuedAt: 4_000 })).toBe(false);
  expect(() => list.check({ userId: "alice", issuedAt: 4_000 })).toThrow(expect.objectContaining({ code: "REVOKED" }));
});

it("takes a token that does not say when it was issued for an old one", async () => {
  const { list } = await setup({ userId: "alice", issuedBefore: new Date(5_000) });

  expect(list.isRevoked({ userId: "alice", issuedAt: undefined })).toBe(true);
  expect(list.isRevoked({ userId: "bob", issuedAt: undefined })).toBe(false);
});

it("follows what is read next", async () => {
  const { list, records } = await setup({ userId: "alice", issuedBefore: new Date(5_000) });
  records.length = 0;
  await list.refresh();

  expect(list.isRevoked({ userId: "alice", issuedAt: 0 })).toBe(false);
});
