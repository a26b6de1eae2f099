// The panel's parts, made from a call; nothing here asks the service for anything.

import { OUTCOMES, SIGNS, callName, local, past, percent } from "./words.js";

const SVG = "http://www.w3.org/2000/svg";

/** Make an element; text is only ever set as text. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

/** Make the empty panel, and name the parts that change. */
export function skeleton() {
  const parts = {
    title: make("h2"),
    state: make("span", { class: "state" }),
    told: make("p", { class: "unseen", role: "status", "aria-live": "polite" }),
    notice: make("p", { class: "notice", hidden: true }),
    idle: make("p", { class: "idle" }),
    outcomes: make("div", { class: "outcomes" }),
    past: make("p", { class: "past" }),
    probe: make("section", { class: "probe", "aria-label": "Likely next issue" }),
    promise: make("section", { "aria-label": "Promise" }),
    check: make("section", { class: "check", "aria-label": "Before you leave the call" }),
  };
  parts.head = make("header", { class: "head" }, parts.title, parts.state, parts.told);
  const order = ["head", "notice", "idle", "outcomes", "past", "probe", "promise", "check"];
  parts.panel = make("section", { class: "panel", "aria-label": "Call" });
  parts.panel.append(...order.map((name) => parts[name]));
  return parts;
}

/** Show what a score says. */
export function showScore(parts, call, score) {
  parts.title.textContent = callName(call);
  parts.outcomes.replaceChildren(...Object.keys(OUTCOMES).map((name) => outcome(name, score)));
  parts.past.textContent = past(score);
  const missing = score.degraded;
  parts.notice.hidden = !missing.length;
  parts.notice.textContent = missing.length ? `Scored with less than usual: ${missing.join("; ")}` : "";
}

/** Show what is left to do. */
export function showCheck(parts, call) {
  const items = call.check.map(({ done, text }) =>
    make(
      "li",
      { class: done ? "done" : "open" },
      make("b", { "aria-hidden": "true" }, done ? "✓" : "○"),
      make("span", {}, text, make("span", { class: "unseen" }, done ? " (done)" : " (to do)")),
    ),
  );
  parts.check.replaceChildren(make("h3", {}, "Before you leave"), make("ul", {}, ...items));
}

/** Show what the customer will probably ask next, and the button that says it was asked. */
export function showProbe(parts, call, score, asked) {
  const next = score.next_issues[0];
  parts.probe.hidden = !next;
  if (!next) return;
  const done = call.actions?.probed === true;
  const button = make("button", { type: "button", "aria-pressed": String(done) }, done ? "✓ Asked" : "Asked");
  button.addEventListener("click", () => asked(!done, button));
  const heading = make("h3", {}, `Likely next: ${next.reason} (${percent(next.probability)})`);
  const had = parts.probe.contains(parts.probe.getRootNode().activeElement);
  parts.probe.replaceChildren(heading, make("p", {}, next.probe), button);
  if (had) button.focus();
}

/** Show the promise and its form; what is being typed is left alone. */
export function showPromise(parts, call, send) {
  const promised = call.actions?.promised;
  const due = promised?.due_at ? `, until ${local(promised.due_at)}` : "";
  const words = promised ? `Promised: ${promised.what}${due}` : "Promise something";
  if (parts.promise.dataset.contact === call.contact_id) {
    parts.promise.querySelector("summary").textContent = words;
    return;
  }
  parts.promise.dataset.contact = call.contact_id;
  const form = promiseForm(call, promised, send);
  parts.promise.replaceChildren(make("details", {}, make("summary", {}, words), form));
}

function promiseForm(call, promised, send) {
  const what = make("input", { name: "what", required: true, maxlength: 200, autocomplete: "off" });
  const owner = make("input", { name: "owner", maxlength: 200, autocomplete: "off" });
  const due = make("input", { name: "due", type: "datetime-local" });
  what.value = promised?.what ?? "";
  owner.value = promised?.owner ?? call.agent_id ?? "";
  if (promised?.due_at) due.value = forInput(promised.due_at);
  const keep = make("button", { type: "submit", class: "primary" }, "Keep");
  const none = make("button", { type: "button" }, "Nothing promised");
  const form = make(
    "form",
    {},
    make("label", { class: "what" }, "What", what),
    make("label", {}, "Who keeps it", owner),
    make("label", {}, "Until", due),
    make("div", { class: "send" }, keep, none),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const due_at = due.value ? new Date(due.value).toISOString() : null;
    send({ what: what.value.trim(), owner: owner.value.trim() || null, due_at }, keep);
  });
  none.addEventListener("click", () => send(null, none));
  return form;
}

function forInput(at) {
  const date = new Date(at);
  return new Date(date - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function outcome(name, score) {
  const { band, probability } = score[name];
  const reasons = score.reasons.filter((reason) => reason.outcome === name).slice(0, 3);
  const sign = make("span", { "aria-hidden": "true" }, `${SIGNS[band]} `);
  const happened = band === "already";
  return make(
    "article",
    { class: `outcome ${band}`, "data-outcome": name },
    make("h3", {}, OUTCOMES[name]),
    make("span", { class: "number" }, happened ? "" : percent(probability)),
    make("span", { class: "band" }, sign, band),
    happened ? null : bar(probability),
    reasons.length ? make("ul", {}, ...reasons.map(({ text }) => make("li", {}, text))) : null,
  );
}

function bar(probability) {
  const svg = document.createElementNS(SVG, "svg");
  const set = { class: "bar", viewBox: "0 0 100 4", preserveAspectRatio: "none", "aria-hidden": "true" };
  for (const [name, value] of Object.entries(set)) svg.setAttribute(name, value);
  for (const [kind, width] of [["rail", 100], ["level", probability * 100]]) {
    const part = document.createElementNS(SVG, "rect");
    part.setAttribute("class", kind);
    part.setAttribute("width", width);
    part.setAttribute("height", 4);
    svg.append(part);
  }
  return svg;
}
