// Plays the calls of a day: tells the service of each at its start, in its middle and at wrap-up.

import "./recontact-panel.js";
import { detailOf } from "./panel/follow.js";

const STEP_MS = 4000;
const NAMES = { customer_id: "Customer", program: "Program", queue: "Queue", reason: "Reason", site: "Site" };

const calls = JSON.parse(document.getElementById("calls").textContent);
const byId = (id) => document.getElementById(id);

let at = -1; // the call
let step = 0; // the next moment of it to tell
let timer = null;
let playing = false;
let turn = 0; // grows with each moment told, so that an overtaken one starts no timer

byId("list").append(
  ...calls.map((call) => {
    const item = document.createElement("li");
    const [began] = call.requests;
    item.textContent = `${began.started_at.slice(11, 16)} UTC · ${call.facts.reason ?? call.facts.queue ?? "call"}`;
    return item;
  }),
);

function show() {
  const call = calls[at];
  byId("play").textContent = playing ? "Pause" : at + 1 >= calls.length && step > 2 ? "Play again" : "Play";
  if (!call) return;
  byId("title").textContent = `Call ${at + 1} of ${calls.length}: contact ${call.contact_id}`;
  const facts = Object.entries(NAMES).filter(([name]) => call.facts[name]);
  byId("facts").replaceChildren(
    ...facts.flatMap(([name, words]) => [element("dt", words), element("dd", call.facts[name])]),
  );
  mark(byId("list").children, at);
  mark(byId("moments").children, step - 1);
}

function element(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function mark(items, current) {
  [...items].forEach((item, index) => {
    if (index === current) item.setAttribute("aria-current", "step");
    else item.removeAttribute("aria-current");
  });
}

/** Tell the service of the next moment, of this call or the next one. */
async function forward() {
  clearTimeout(timer);
  document.querySelector("recontact-panel").removeAttribute("waiting"); // the day has begun
  const mine = ++turn;
  if (at < 0 || step > 2) {
    if (at + 1 >= calls.length) return pause();
    at += 1;
    step = 0;
  }
  const body = JSON.stringify(calls[at].requests[step]);
  step += 1;
  show();
  const said = await tell(body);
  if (mine !== turn) return;
  byId("trouble").hidden = !said;
  byId("trouble").textContent = said;
  if (said) pause();
  else if (playing) timer = setTimeout(forward, STEP_MS / Number(byId("speed").value));
}

async function tell(body) {
  try {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch("/v1/score", { method: "POST", headers, body });
    return answer.ok ? "" : detailOf(answer);
  } catch {
    return "the service can't be reached";
  }
}

function pause() {
  playing = false;
  clearTimeout(timer);
  show();
}

function play() {
  if (playing) return pause();
  if (at + 1 >= calls.length && step > 2) [at, step] = [-1, 0];
  playing = true;
  forward();
}

function next() {
  if (at + 1 >= calls.length) return;
  step = 3;
  forward();
}

byId("play").addEventListener("click", play);
byId("next").addEventListener("click", next);
byId("speed").addEventListener("change", () => playing && forward());
document.addEventListener("keydown", ({ key, target, ctrlKey, metaKey, altKey }) => {
  if (ctrlKey || metaKey || altKey || target.closest("input, select, recontact-panel")) return;
  if (key === "p" || key === "P") play();
  if (key === "n" || key === "N") next();
});
show();
