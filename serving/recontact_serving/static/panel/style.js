// The look of the panel, kept inside it: the page around neither needs nor gets any of it.

const text = `
:host {
  color-scheme: light dark;
  --page: light-dark(#f5f6f9, #12151c);
  --card: light-dark(#ffffff, #1b1f29);
  --line: light-dark(#e1e4ec, #2d3341);
  --text: light-dark(#1b2030, #e8ebf2);
  --quiet: light-dark(#5a6275, #a2aabd);
  --accent: light-dark(#2f5bd7, #8aa9ff);
  --on-accent: light-dark(#ffffff, #10131a);
  --focus: light-dark(#2f5bd7, #a9c0ff);
  --high: light-dark(#b3261e, #ff9d94);
  --high-soft: light-dark(#fdeceb, #3b2022);
  --medium: light-dark(#8a5a00, #f3c667);
  --medium-soft: light-dark(#fdf3dc, #38301c);
  --low: light-dark(#2f6b4a, #86d3a7);
  --low-soft: light-dark(#e8f4ed, #1c3227);
  --already: light-dark(#5a6275, #a2aabd);
  --already-soft: light-dark(#eceef3, #2a2f3b);
  display: block;
  min-width: 0;
  color: var(--text);
  font: 0.9375rem/1.45 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  text-align: left;
}
:host([theme="light"]) { color-scheme: light; }
:host([theme="dark"]) { color-scheme: dark; }
:host([hidden]) { display: none; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
h2, h3, p, ul { margin: 0; }
h2 { font-size: 1rem; line-height: 1.3; }
h3 { font-size: 0.8125rem; font-weight: 600; color: var(--quiet); }
:focus-visible { outline: 3px solid var(--focus); outline-offset: 2px; border-radius: 4px; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.panel { position: relative; background: var(--card); border: 1px solid var(--line); border-radius: 12px; overflow: hidden; overflow-wrap: anywhere; }
.panel > * { padding: 0.7rem 0.9rem; }
.panel > * + * { border-top: 1px solid var(--line); }
.head { display: flex; flex-wrap: wrap; justify-content: space-between; align-items: baseline; gap: 0.15rem 0.75rem; }
.state { color: var(--quiet); font-size: 0.8125rem; }
.state::before { content: "○ "; }
.state.on::before { content: "● "; color: var(--low); }
.state.trouble { color: var(--medium); font-weight: 600; }
.state.trouble::before { content: "! "; }
.notice { background: var(--medium-soft); color: var(--medium); font-size: 0.875rem; }
.error { color: var(--high); font-size: 0.875rem; }
.outcomes { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0.8rem 1.5rem; }
.outcome { display: grid; grid-template-columns: 1fr auto auto; align-items: center; gap: 0.25rem 0.6rem; align-content: start; }
.outcome h3 { font-size: 0.9375rem; color: var(--text); }
.number { font-weight: 650; font-variant-numeric: tabular-nums; }
.band { min-width: 5.5rem; padding: 0 0.5rem; border-radius: 99px; font-size: 0.8125rem; font-weight: 600; text-align: center; color: var(--shade); background: var(--soft); }
.bar { grid-column: 1 / -1; width: 100%; height: 4px; border-radius: 2px; }
.rail { fill: var(--line); }
.level { fill: var(--shade); }
.outcome ul { grid-column: 1 / -1; padding-left: 1.1rem; font-size: 0.875rem; }
.outcome li::first-letter, .check li span::first-letter { text-transform: uppercase; }
.outcome li::marker { color: var(--quiet); }
.high { --shade: var(--high); --soft: var(--high-soft); }
.medium { --shade: var(--medium); --soft: var(--medium-soft); }
.low { --shade: var(--low); --soft: var(--low-soft); }
.already { --shade: var(--already); --soft: var(--already-soft); }
.past { font-size: 0.875rem; }
.probe { display: grid; grid-template-columns: 1fr auto; gap: 0.15rem 0.75rem; align-items: center; }
.probe h3, .probe .error { grid-column: 1 / -1; }
button, input { font: inherit; color: inherit; min-width: 0; min-height: 2.25rem; padding: 0.3rem 0.7rem; background: var(--card); border: 1px solid color-mix(in srgb, var(--quiet) 60%, var(--card)); border-radius: 8px; }
button { cursor: pointer; font-weight: 600; }
button:hover { border-color: var(--accent); }
button:disabled { opacity: 0.6; cursor: default; }
button.primary { background: var(--accent); border-color: var(--accent); color: var(--on-accent); }
button[aria-pressed="true"] { color: var(--low); background: var(--low-soft); border-color: var(--low); }
summary { cursor: pointer; font-weight: 600; font-size: 0.875rem; }
form { display: grid; grid-template-columns: repeat(auto-fit, minmax(11.5rem, 1fr)); gap: 0.6rem; margin-top: 0.6rem; }
form .what, form .send { grid-column: 1 / -1; }
form .send { display: flex; flex-wrap: wrap; gap: 0.5rem; align-items: center; }
label { display: grid; gap: 0.15rem; font-size: 0.8125rem; font-weight: 600; color: var(--quiet); min-width: 0; }
label input { width: 100%; font-weight: 400; color: var(--text); font-size: 0.9375rem; }
.check ul { list-style: none; padding: 0; margin-top: 0.25rem; display: grid; gap: 0.2rem; font-size: 0.875rem; }
.check li { display: grid; grid-template-columns: 1.2rem 1fr; }
.check .done { color: var(--quiet); }
.check .done b { color: var(--low); }
.check .open b { color: var(--medium); }
.idle { color: var(--quiet); font-size: 0.875rem; }
.dated { opacity: 0.65; }
`;

export const style = new CSSStyleSheet();
style.replaceSync(text);
