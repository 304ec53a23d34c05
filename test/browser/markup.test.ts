import { enterRoom } from "../support/browser/chat-page";
import { setUpPageTests } from "../support/browser/page-tests";

/** Each sets `__xss` where it is taken for more than text. */
const HOSTILE = [
  `<img src=x onerror="window.__xss = 1">`,
  `<script>window.__xss = 1</script>`,
  `<svg onload="window.__xss = 1"><a xlink:href="javascript:window.__xss = 1"><text>x</text></a></svg>`,
  `</textarea></li></div><iframe srcdoc="<script>parent.__xss = 1</script>"></iframe>`,
  `<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=window.__xss=1&gt;">`,
  `{{constructor.constructor('window.__xss = 1')()}} \${window.__xss = 1} #{window.__xss = 1}`,
  "javascript:window.__xss=1 [link](javascript:window.__xss=1) JaVaScRiPt://%0awindow.__xss=1",
  `data:text/html,<script>window.__xss=1</script> vbscript:x file:///etc/passwd`,
  `"><b onmouseover="window.__xss = 1">hover</b> &lt;b&gt; &#60;b&#62; &amp;`,
  "\u202Eevil\u202C \u2066isolated\u2069 \u200Bzero\u200D \uFEFF",
  `__proto__ constructor toString {"__html":"<b>x</b>"}`,
];
const NAME = `<img src=x onerror="window.__xss=1">`;

const tests = setUpPageTests();

it("shows markup in messages and names as the text that it is", async () => {
  const mallory = await tests.server.connect({
    userId: `"><script>window.__xss = 1</script>`,
    claims: { username: NAME },
  });
  await mallory.call("join", { room: "markup" });
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "markup");

  for (const content of HOSTILE) {
    await mallory.call("message", { room: "markup", content });
  }
  await mallory.call("typing", { room: "markup", isTyping: true });
  await ada.page.locator("[data-typing]").getByText(NAME).waitFor();
  await ada.people.getByText(NAME).waitFor();
  await ada.send("The last one");
  await ada.shows("The last one", "stored");

  const shown = await ada.messages();
  expect(shown.map(({ content }) => content)).toEqual([...HOSTILE, "The last one"]);
  // A direction that a message sets ends with it: it does not turn round what stands beside it.
  const bidi = ada.log.locator("[data-content]").filter({ hasText: "isolated" });
  expect(["isolate", "plaintext", "isolate-override"]).toContain(
    await bidi.evaluate((content) => getComputedStyle(content).unicodeBidi),
  );
  const made = [
    "script",
    "img",
    "svg a",
    "iframe",
    "math",
    "table",
    "textarea",
    "style",
    "b[onmouseover]",
    "[onerror]",
  ];
  expect(await ada.log.locator(made.join(",")).count()).toBe(0);
  expect(await ada.people.locator("[onerror], script, img").count()).toBe(0);
  expect(await ada.log.getByRole("link").count()).toBe(0);
  expect(await ada.page.evaluate(() => Reflect.get(window, "__xss"))).toBeUndefined();
  expect(ada.faults).toEqual([]);
});

it("takes a name that is markup as a name", async () => {
  const mallory = await enterRoom(await tests.browser.open(tests.server.url), NAME, "names");

  await mallory.send("Said under that name");
  await mallory.shows("Said under that name", "stored");

  await mallory.people.getByText(NAME).waitFor();
  expect(await mallory.page.evaluate(() => Reflect.get(window, "__xss"))).toBeUndefined();
  expect(mallory.faults).toEqual([]);
});

it("makes links of http and https only, and they learn nothing of the page", async () => {
  const ada = await enterRoom(await tests.browser.open(tests.server.url), "Ada", "links");

  await ada.send("See https://example.org/a?b=<i>&c and http://example.com/x, not ftp://example.net or javascript:x");
  await ada.shows("See https://example.org/a?b=<i>&c and http://example.com/x, not ftp://example.net or javascript:x");

  const links = await ada.log
    .getByRole("link")
    .evaluateAll((all) =>
      all.map((link) => ({ href: link.getAttribute("href"), rel: link.getAttribute("rel")?.split(" ") ?? [] })),
    );
  expect(links.map(({ href }) => href)).toEqual(["https://example.org/a?b=", "http://example.com/x"]);
  for (const { rel } of links) {
    expect(rel).toContain("noopener");
  }
});

it("runs no script that stands in the page, should one ever get there", async () => {
  const { page, faults } = await tests.browser.open(tests.server.url);

  await page.evaluate(() => {
    const script = document.createElement("script");
    script.textContent = "window.__xss = 1";
    document.head.append(script);
    const image = document.createElement("img");
    image.setAttribute("onerror", "window.__xss = 2");
    image.src = "/nothing-here";
    document.body.append(image);
    return new Promise((resolve) => image.addEventListener("error", resolve));
  });

  expect(await page.evaluate(() => Reflect.get(window, "__xss"))).toBeUndefined();
  expect(faults).toEqual([
    expect.stringMatching(/^refused by script-src-elem: inline/),
    expect.stringMatching(/^refused by script-src-attr: inline/),
  ]);
});
