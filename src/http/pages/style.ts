/** The pages' own style, for light and dark; system fonts only. */
export const STYLE = `
:root { color-scheme: light dark;
  --ink: #1d1b18; --soft: #635d55; --page: #fbfaf7; --card: #ffffff; --line: #e4dfd6; --code: #f3f0e9;
  --accent: #a8512f; --get: #1f6f54; --post: #8a4b12; --bad: #a02a2a; }
@media (prefers-color-scheme: dark) { :root {
  --ink: #ece7df; --soft: #a9a196; --page: #191816; --card: #211f1c; --line: #38342f; --code: #2a2723;
  --accent: #e39a74; --get: #79cbaa; --post: #e6b071; --bad: #ee8f8f; } }
* { box-sizing: border-box; }
html { scroll-behavior: smooth; scroll-padding-top: 1rem; }
@media (prefers-reduced-motion: reduce) { html { scroll-behavior: auto; } }
body { margin: 0; font: 16px/1.55 system-ui, "Segoe UI", Roboto, "Noto Sans", sans-serif; color: var(--ink);
  background: var(--page); display: grid; grid-template-columns: minmax(14rem, 18rem) minmax(0, 1fr); }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, button:focus-visible, summary:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
.skip { position: absolute; left: -100vw; } .skip:focus { left: 1rem; top: 1rem; background: var(--card); padding: .5rem; }
nav { position: sticky; top: 0; height: 100vh; overflow: auto; padding: 1.5rem 1.25rem; border-right: 1px solid var(--line); }
nav h2 { font-size: .75rem; letter-spacing: .06em; text-transform: uppercase; color: var(--soft); margin: 1.25rem 0 .25rem; }
nav ul { list-style: none; margin: 0; padding: 0; font-size: .9rem; }
nav li a { display: block; padding: .15rem 0; color: inherit; text-decoration: none; overflow-wrap: anywhere; }
nav li a:hover { color: var(--accent); text-decoration: underline; }
main { padding: 2rem clamp(1rem, 4vw, 3.5rem) 5rem; max-width: 64rem; }
.reading main { max-width: 48rem; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
main > h2 { margin: 2.5rem 0 .75rem; font-size: 1.2rem; border-bottom: 1px solid var(--line); padding-bottom: .3rem; }
h3 { font-size: 1.05rem; margin: 0; } h4 { font-size: .8rem; letter-spacing: .04em; text-transform: uppercase; color: var(--soft); margin: 1.1rem 0 .3rem; }
.lead, .soft { color: var(--soft); } p { margin: .35rem 0; }
code, pre { font: .86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
.op { background: var(--card); border: 1px solid var(--line); border-radius: 10px; margin: .75rem 0; }
.op > summary { cursor: pointer; padding: .7rem 1rem; display: flex; flex-wrap: wrap; gap: .1rem .75rem; align-items: baseline; list-style: none; }
.op > summary::-webkit-details-marker { display: none; }
.op > summary::after { content: "+"; margin-left: auto; color: var(--soft); } .op[open] > summary::after { content: "–"; }
.op > div { padding: 0 1rem 1rem; border-top: 1px solid var(--line); }
.reading article { padding: 1.25rem 0 1.5rem; border-bottom: 1px solid var(--line); }
.method { font-weight: 700; font-size: .8rem; letter-spacing: .04em; } .get { color: var(--get); } .post { color: var(--post); }
.path { font-weight: 600; overflow-wrap: anywhere; }
.fields { list-style: none; margin: .3rem 0; padding: 0 0 0 .9rem; border-left: 2px solid var(--line); }
.fields li { padding: .2rem 0; } .fields p { color: var(--soft); font-size: .92rem; margin: 0; }
.name { font-weight: 600; } .type { font: .82rem ui-monospace, "SF Mono", Menlo, Consolas, monospace; color: var(--soft); overflow-wrap: anywhere; } .may { font-size: .78rem; color: var(--soft); font-style: italic; }
.status { font-weight: 700; } .ok { color: var(--get); } .no { color: var(--bad); }
.line { display: flex; gap: .5rem; align-items: stretch; margin: .4rem 0; }
.line pre { flex: 1; margin: 0; padding: .6rem .75rem; background: var(--code); border-radius: 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
button { font: inherit; font-size: .85rem; color: inherit; background: var(--card); border: 1px solid var(--line); border-radius: 6px; padding: 0 .8rem; cursor: pointer; }
button:hover { border-color: var(--accent); }
@media (max-width: 52rem) { body { display: block; } nav { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); } .line { flex-direction: column; } button { padding: .4rem; } }
@media print { nav, button { display: none; } body { display: block; } }
`;

/** Copies the line beside a button, and opens the operation that an address points to. Pages work without it. */
export const COPY_SCRIPT = `
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.hidden = !navigator.clipboard;
  button.addEventListener('click', async () => {
    await navigator.clipboard.writeText(button.previousElementSibling.textContent);
    button.textContent = 'Copied';
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  });
}
function openTarget() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (target instanceof HTMLDetailsElement) target.open = true;
}
addEventListener('hashchange', openTarget);
openTarget();
`;
