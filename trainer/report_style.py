"""The look of the report: one style sheet, light and dark by the reader's setting."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2026; --soft: #5b6470; --paper: #ffffff;
  --panel: #f5f6f8; --rule: #dde1e6;
  --good: #14713d; --bad: #b3261e; --warn: #8a5a00; --warnbg: #fff6e0; --s0: #1f5fbf; --s1: #b8480f; --s2: #2a7d4f; --s3: #7a3fa0; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ee; --soft: #9aa4b1; --paper: #14171c;
  --panel: #1d2128; --rule: #343b45;
  --good: #6fcf97; --bad: #ff8a80; --warn: #f0c060; --warnbg: #2b2415; --s0: #7fb0ff; --s1: #ffab76; --s2: #7fd8a4; --s3: #cf9df0; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
main { max-width: 1040px; margin: 0 auto; padding: 40px 24px 64px; }
h1 { font-size: 30px; line-height: 1.2; margin: 0 0 10px; letter-spacing: -0.01em; }
h2 { font-size: 21px; margin: 52px 0 8px; padding-top: 22px; border-top: 1px solid var(--rule); }
h3 { font-size: 16px; margin: 26px 0 6px; }
p { margin: 8px 0; max-width: 76ch; }
.soft, figcaption, .note { color: var(--soft); font-size: 14px; }
.ended { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px;
  padding: 12px 16px; margin: 18px 0 0; max-width: none; }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin: 24px 0 8px; }
.tile { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; }
.tile b { display: block; font-size: 22px; letter-spacing: -0.01em; font-variant-numeric: tabular-nums; }
.tile span { color: var(--soft); font-size: 14px; }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(400px, 100%), 1fr)); gap: 20px; }
figure { margin: 14px 0 0; min-width: 0; }
figure h3 { margin-top: 0; }
.chart { width: 100%; height: auto; display: block; background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; }
.grid { stroke: var(--rule); stroke-width: 1; }
.tick, .axis { fill: var(--soft); font-size: 12.5px; font-variant-numeric: tabular-nums; }
.name { font-size: 13.5px; font-weight: 600; }
.line { fill: none; stroke-width: 2.3; stroke-linejoin: round; }
.line.s0 { stroke: var(--s0); } .line.s1 { stroke: var(--s1); }
.line.s2 { stroke: var(--s2); } .line.s3 { stroke: var(--s3); }
.span { stroke-width: 1.4; opacity: 0.7; }
.span.s0 { stroke: var(--s0); } .span.s1 { stroke: var(--s1); }
circle.s0, text.s0 { fill: var(--s0); } circle.s1, text.s1 { fill: var(--s1); }
circle.s2, text.s2 { fill: var(--s2); } circle.s3, text.s3 { fill: var(--s3); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; margin: 14px 0 4px; font-size: 15px; }
th { text-align: left; font-size: 13px; color: var(--soft); font-weight: 600;
  padding: 6px 12px 6px 0; border-bottom: 2px solid var(--rule); }
td { padding: 8px 12px 8px 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
td.mark { white-space: nowrap; font-variant-numeric: tabular-nums; font-size: 14px; width: 7.5em; }
code, pre { font: 13.5px/1.5 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
td code { overflow-wrap: anywhere; }
pre { background: var(--panel); border: 1px solid var(--rule); border-radius: 10px; padding: 14px 16px; overflow-x: auto; margin: 10px 0; }
pre.lint { border-color: var(--warn); background: var(--warnbg); }
.good { color: var(--good); font-weight: 600; } .bad { color: var(--bad); font-weight: 600; }
details { margin: 12px 0; } summary { cursor: pointer; color: var(--s0); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 4px 18px; font-size: 14.5px; margin: 12px 0; }
dt { color: var(--soft); } dd { margin: 0; overflow-wrap: anywhere; }
"""
