/** The style of the HTML report: light and dark, on screen and on paper. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --ink: #1c2430; --soft: #5c6675; --rule: #e1e5ea;
  --good: #1a7f4b; --good-soft: #e3f4ea; --bad: #c0362c; --bad-soft: #fbe7e5;
  --warn: #9a6700; --warn-soft: #fdf2d5; --idle: #7b8694; --idle-soft: #eceff3; --accent: #3457c9;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161c; --card: #1a2029; --ink: #e4e8ee; --soft: #98a3b3; --rule: #2c3440;
    --good: #4fc488; --good-soft: #17352a; --bad: #f0867d; --bad-soft: #3f2023;
    --warn: #e0b050; --warn-soft: #3a2f17; --idle: #8e99a8; --idle-soft: #262e39; --accent: #8fa8ff;
  }
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
header h1 { margin: 0 0 .35rem; font-size: 1.7rem; line-height: 1.25; overflow-wrap: anywhere; }
header p { margin: 0; color: var(--soft); overflow-wrap: anywhere; }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin: 1rem 0 1.25rem; font-size: .9rem; }
a { color: var(--accent); text-decoration: none; }
a:hover, a:focus { text-decoration: underline; }
section { background: var(--card); border: 1px solid var(--rule); border-radius: 10px; padding: 1rem 1.25rem 1.25rem; margin: 0 0 1.25rem; }
h2 { margin: 0 0 .75rem; font-size: 1.1rem; }
p { margin: 0 0 .75rem; }
ul { margin: 0; padding-left: 1.2rem; }
ul + *, .scroll + *, figure + * { margin-top: 1rem; }
li { margin: .2rem 0; overflow-wrap: anywhere; }
.badge, .state { display: inline-block; border-radius: 999px; padding: 0 .6em; font-size: .85em; font-weight: 600; white-space: nowrap; }
.badge { font-size: .8rem; line-height: 1.9; margin-bottom: .6rem; text-transform: uppercase; letter-spacing: .04em; }
.good { color: var(--good); background: var(--good-soft); fill: var(--good); }
.bad { color: var(--bad); background: var(--bad-soft); fill: var(--bad); }
.warn { color: var(--warn); background: var(--warn-soft); fill: var(--warn); }
.idle { color: var(--idle); background: var(--idle-soft); fill: var(--idle); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: .75rem; margin: 0 0 1rem; }
.tile { border: 1px solid var(--rule); border-radius: 8px; padding: .6rem .8rem; }
.tile dt { color: var(--soft); font-size: .82rem; }
.tile dd { margin: 0; font-size: 1.35rem; font-weight: 650; font-variant-numeric: tabular-nums; }
.tile dd small { display: block; min-height: 1.4em; font-size: .78rem; font-weight: 400; color: var(--soft); }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; color: var(--soft); border-bottom: 2px solid var(--rule); white-space: nowrap; }
td { border-bottom: 1px solid var(--rule); vertical-align: top; overflow-wrap: break-word; }
th, td { padding: .4rem .7rem .4rem 0; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
code, pre { font-family: ui-monospace, "SF Mono", Menlo, "DejaVu Sans Mono", monospace; font-size: .86em; }
td code { overflow-wrap: break-word; }
table.narrow { width: auto; min-width: 24rem; }
.refs { font-size: .76em; white-space: normal; color: var(--soft); }
.refs a { white-space: nowrap; }
td.number .refs, td .state + .refs { display: block; }
.claim { border-left: 3px solid var(--warn); margin: 0 0 1rem; padding: .2rem 0 .2rem .9rem; }
.claim p { margin-bottom: .4rem; }
pre { margin: 0; padding: .7rem .8rem; border-radius: 6px; background: var(--idle-soft); white-space: pre-wrap; overflow-wrap: anywhere; max-height: 18rem; overflow: auto; }
figure { margin: 0 0 .5rem; }
svg { display: block; width: 100%; height: auto; }
svg .bar { fill: var(--accent); }
svg .axis { stroke: var(--rule); }
svg .caption { fill: var(--soft); font-size: 12px; }
:target { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 4px; }
details summary { cursor: pointer; color: var(--soft); }
footer { color: var(--soft); font-size: .85rem; }
@media print {
  body { background: none; } section { border: 0; padding: 0; break-inside: avoid-page; } nav { display: none; } pre { max-height: none; }
}
`;
