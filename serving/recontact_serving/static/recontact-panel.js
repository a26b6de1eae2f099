// <recontact-panel agent="a-7" base="https://recontact.example.com">: the agents' panel.
//
// It follows one call (contact="c-1001") or whichever call an agent is on, and shows how probable
// it is that the customer comes back or the case escalates, why, and what to do about it. The page
// sets its token as a property, `panel.token = "rdt_..."`, and gives a new one at the event
// `recontact-token-needed`; a token is never an attribute, so that no copy of the page holds it.
// While it has the attribute `waiting` it shows no call, not even the one that ended last.

import { detailOf, follow } from "./panel/follow.js";
import { style } from "./panel/style.js";
import { make, showCheck, showProbe, showPromise, showScore, skeleton } from "./panel/view.js";
import { bandsTold, stateWords } from "./panel/words.js";

const IDLE = {
  connecting: "Connecting to the service.",
  open: "No call yet. The next call appears here by itself.",
  reconnecting: "The service can't be reached just now.",
  token: "The page around this panel has to give it a token.",
};
const ON_SHOW = ["outcomes", "past", "probe", "promise", "check"];

class RecontactPanel extends HTMLElement {
  static observedAttributes = ["agent", "contact", "base"];

  #token = null;
  #parts = skeleton();
  #call = null;
  #state = ["connecting", ""];
  #told = {};
  #stop = null;

  constructor() {
    super();
    this.attachShadow({ mode: "open" }).append(this.#parts.panel);
    this.shadowRoot.adoptedStyleSheets = [style];
    this.#show();
  }

  /** The token that lets this panel read calls; null for a service without keys. */
  set token(value) {
    this.#token = value;
    this.#begin();
  }

  connectedCallback() {
    this.#begin();
  }

  disconnectedCallback() {
    this.#stop?.();
    this.#stop = null;
  }

  attributeChangedCallback(name, old, value) {
    if (old === value) return;
    this.#call = null;
    this.#told = {};
    this.#begin();
  }

  get #base() {
    return (this.getAttribute("base") ?? new URL(import.meta.url).origin).replace(/\/$/, "");
  }

  get #address() {
    const contact = this.getAttribute("contact");
    const agent = this.getAttribute("agent");
    if (contact) return `${this.#base}/v1/calls/${encodeURIComponent(contact)}/events`;
    return agent ? `${this.#base}/v1/agents/${encodeURIComponent(agent)}/events` : null;
  }

  /** Follow what the attributes say, from the end of this turn: several may be set in it. */
  #begin() {
    this.#stop?.();
    this.#stop = null;
    queueMicrotask(() => {
      if (this.#stop || !this.isConnected) return;
      const address = this.#address;
      if (!address) return this.#moved("token");
      const on = { state: (...state) => this.#moved(...state), event: (call) => this.#scored(call) };
      this.#stop = follow(address, () => this.#token, on);
    });
  }

  #moved(state, detail = "") {
    this.#state = [state, detail];
    if (state === "token") {
      const needed = new CustomEvent("recontact-token-needed", { bubbles: true, composed: true });
      this.dispatchEvent(needed);
    }
    this.#show();
  }

  #scored(call) {
    if (this.hasAttribute("waiting")) return;
    if (call.contact_id !== this.#call?.contact_id) this.#told = {};
    this.#call = call;
    const score = call.scores[call.moment];
    const words = bandsTold(call, score, this.#told);
    if (words) this.#parts.told.textContent = words;
    this.#told = { repeated: score.repeated.band, escalation: score.escalation.band };
    this.#show();
  }

  #show() {
    const [state, detail] = this.#state;
    const parts = this.#parts;
    const call = this.#call;
    const well = state === "open";
    parts.state.textContent = stateWords(state, detail, call);
    parts.state.classList.toggle("on", well && call !== null && call.moment !== "wrapup");
    parts.state.classList.toggle("trouble", !well && state !== "connecting");
    parts.idle.hidden = call !== null && state !== "refused";
    parts.idle.textContent = state === "refused" ? detail : (IDLE[state] ?? "");
    for (const name of ON_SHOW) parts[name].hidden = call === null;
    parts.outcomes.classList.toggle("dated", !well);
    if (call === null) {
      parts.title.textContent = "recontact";
      parts.notice.hidden = true;
      return;
    }
    const score = call.scores[call.moment];
    showScore(parts, call, score);
    showProbe(parts, call, score, (asked, button) => this.#send({ probed: asked || null }, button));
    showPromise(parts, call, (promised, button) => this.#send({ promised }, button));
    showCheck(parts, call);
  }

  /** Send all that the agent did, with one part of it changed. */
  async #send(change, button) {
    const { probed = null, promised = null } = this.#call.actions ?? {};
    const address = `${this.#base}/v1/calls/${encodeURIComponent(this.#call.contact_id)}/actions`;
    const headers = { "Content-Type": "application/json" };
    if (this.#token) headers.Authorization = `Bearer ${this.#token}`;
    const body = JSON.stringify({ probed, promised, ...change });
    const where = button.parentElement;
    where.querySelector(".error")?.remove();
    button.disabled = true;
    try {
      const answer = await fetch(address, { method: "PUT", headers, body, credentials: "omit" });
      if (!answer.ok) throw new Error(await detailOf(answer));
      this.#sent(await answer.json());
    } catch (error) {
      where.append(make("p", { class: "error", role: "alert" }, `Not sent: ${error.message}`));
    } finally {
      button.disabled = false;
    }
  }

  /** Show the call as the service knows it now, unless another has come meanwhile. */
  #sent(call) {
    if (call.contact_id !== this.#call.contact_id) return;
    this.#call = call;
    this.#parts.told.textContent = "Sent.";
    this.#show();
  }
}

customElements.define("recontact-panel", RecontactPanel);
