import { createAddressOf, networkOf } from "../../../src/middleware/client-address";

const address = "10.0.0.9";

const behindProxy = (forwarded?: string | string[]) =>
  createAddressOf(true)({ address, headers: forwarded === undefined ? {} : { "x-forwarded-for": forwarded } });

it("is the connection's own without a trusted proxy, whatever the client says", () => {
  const addressOf = createAddressOf(false);

  expect(addressOf({ address, headers: {} })).toBe(address);
  expect(addressOf({ address, headers: { "x-forwarded-for": "1.2.3.4" } })).toBe(address);
});

it.each([
  ["the one that the proxy names", "1.2.3.4", "1.2.3.4"],
  ["the last of several: the others are the client's words", "6.6.6.6, 7.7.7.7,1.2.3.4", "1.2.3.4"],
  ["without the spaces around it", " 6.6.6.6 ,  1.2.3.4  ", "1.2.3.4"],
  ["an IPv6 address as it is", "6.6.6.6, 2001:db8::1", "2001:db8::1"],
  ["the last of the last header", ["6.6.6.6", "7.7.7.7, 1.2.3.4"], "1.2.3.4"],
])("is, behind a trusted proxy, %s", (_what, forwarded, expected) => {
  expect(behindProxy(forwarded)).toBe(expected);
});

it.each([
  ["1.2.3.4:51234", "1.2.3.4"],
  ["::ffff:1.2.3.4", "1.2.3.4"],
  ["::FFFF:102:304", "1.2.3.4"],
  ["[::ffff:1.2.3.4]:51234", "1.2.3.4"],
  ["[2001:db8::1]:51234", "2001:db8::1"],
  ["[2001:db8::1]", "2001:db8::1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["fe80::1%eth0", "fe80::1"],
])("is, of %s, the address alone in its one form", (written, expected) => {
  expect(behindProxy(`6.6.6.6:1, ${written}`)).toBe(expected);
  expect(createAddressOf(false)({ address: written, headers: {} })).toBe(expected);
});

it.each(["unknown", "_hidden", "1.2.3", "1.2.3.4:", "[1.2.3.4", "evil.example", "1.2.3.4:5:6"])(
  "is the connection's own where the proxy names %s, which is no address",
  (forwarded) => {
    expect(behindProxy(forwarded)).toBe(address);
  },
);

it.each([
  ["there is no header", undefined],
  ["the header is empty", ""],
  ["the header is blank", "   "],
  ["the header's last part is empty", "6.6.6.6, "],
  ["there are no values", []],
])("is the connection's own behind a trusted proxy when %s", (_what, forwarded) => {
  expect(behindProxy(forwarded)).toBe(address);
});

it.each([
  ["1.2.3.4", "1.2.3.4"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::5:6", "2001:db8:0:0::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["1:2:3:4:5::8", "1:2:3:4::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
])("counts %s as %s", (client, network) => {
  expect(networkOf(client)).toBe(network);
});
