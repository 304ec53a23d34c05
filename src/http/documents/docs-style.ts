/** The docs page's own style, served as a file: its policy allows no style in the page. */
export const DOCS_STYLE = `
:root {
  color-scheme: light dark;
  --ink: light-dark(#1d2430, #e4e8ef);
  --faint: light-dark(#5c6675, #9aa5b5);
  --paper: light-dark(#ffffff, #12161d);
  --panel: light-dark(#f4f6f9, #1a202a);
  --line: light-dark(#dde2ea, #2b3442);
  --link: light-dark(#1f5fbf, #7fb2ff);
  --get: light-dark(#1c6fb8, #6fb4f0);
  --post: light-dark(#24794a, #67c792);
  --put: light-dark(#8f6400, #e0b252);
  --delete: light-dark(#b3362b, #f08a80);
}
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; color: var(--ink); background: var(--paper); font: 16px/1.55 system-ui, sans-serif; }
.layout { display: grid; grid-template-columns: minmax(0, 1fr); max-width: 78rem; margin: 0 auto; padding: 0 1.25rem 4rem; }
nav { padding: 1.5rem 0; font-size: 0.9rem; }
nav h2 { margin: 1rem 0 0.25rem; font-size: 0.8rem; color: var(--faint); }
nav ul { margin: 0; padding: 0; list-style: none; }
nav a { display: block; padding: 0.2rem 0; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav a:hover, nav a:focus-visible { color: var(--link); text-decoration: underline; }
@media (min-width: 60rem) {
  .layout { grid-template-columns: 15rem minmax(0, 1fr); gap: 3rem; }
  nav { position: sticky; top: 0; align-self: start; max-height: 100vh; overflow-y: auto; }
}
main { padding-top: 2rem; }
h1 { margin: 0 0 0.5rem; font-size: 2rem; line-height: 1.2; }
main > h2 { margin: 3.5rem 0 1rem; padding-bottom: 0.4rem; border-bottom: 1px solid var(--line); font-size: 1.4rem; }
section { margin: 0 0 2.5rem; }
h3 { margin: 0; font-size: 1.15rem; }
h4 { margin: 1.25rem 0 0.4rem; font-size: 0.85rem; color: var(--faint); }
p { margin: 0.5rem 0; max-width: 44rem; }
a { color: var(--link); }
code, pre { font: 0.86em/1.5 ui-monospace, "Cascadia Mono", Menlo, monospace; }
code { overflow-wrap: anywhere; }
pre { margin: 0.4rem 0; padding: 0.9rem 1rem; overflow-x: auto; background: var(--panel); border: 1px solid var(--line); border-radius: 0.5rem; }
pre code { font-size: inherit; }
.route { display: flex; flex-wrap: wrap; align-items: baseline; gap: 0.6rem; margin: 0.5rem 0; }
.method { font: 600 0.8rem/1.6 ui-monospace, monospace; }
.get { color: var(--get); } .post { color: var(--post); } .put { color: var(--put); } .delete { color: var(--delete); }
.scope, .optional, .pattern { color: var(--faint); font-size: 0.8rem; }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.92rem; }
th { color: var(--faint); font-weight: 600; font-size: 0.8rem; text-align: left; }
th, td { padding: 0.4rem 1rem 0.4rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
`;
