// How the panel says things; no colour says anything that words and shapes do not say too.

export const OUTCOMES = { repeated: "Comes back", escalation: "Escalates" };
export const SIGNS = { high: "▲", medium: "◆", low: "●", already: "✓" };

const SPANS = [
  [86_400, "day"],
  [3_600, "hour"],
  [60, "minute"],
];

/** Write a probability; none but what has happened is certain. */
export function percent(probability) {
  if (probability > 0 && probability < 0.01) return "<1%";
  if (probability > 0.99 && probability < 1) return ">99%";
  return `${Math.round(probability * 100)}%`;
}

/** Say how long before a score something was: "ago" while the score is of today. */
export function before(earlier, later) {
  const seconds = (new Date(later) - new Date(earlier)) / 1000;
  const word = Date.now() - new Date(later) < 86_400_000 ? "ago" : "before";
  for (const [size, unit] of SPANS) {
    const number = Math.floor(seconds / size);
    if (number > 0) return `${number} ${unit}${number > 1 ? "s" : ""} ${word}`;
  }
  return word === "ago" ? "just now" : "just before";
}

/** Say who the customer last spoke to, and about what. */
export function past(score) {
  const history = score.history;
  if (history.contacts_30d === null) return "The customer's history is not known.";
  if (!history.last_contact_at) return "First contact that is known of this customer.";
  const who = history.last_agent_id ? ` to ${history.last_agent_id}` : "";
  const what = history.last_reason ? ` about ${history.last_reason}` : "";
  const when = before(history.last_contact_at, score.at);
  const number = history.contacts_30d;
  const count = `${number} contact${number === 1 ? "" : "s"} in 30 days.`;
  return `Last spoke${who}${what}, ${when}. ${count}`;
}

/** Say the bands that a screen reader should be told of: all of a new call, else what changed. */
export function bandsTold(call, score, told) {
  const changed = Object.keys(OUTCOMES).filter((name) => told[name] !== score[name].band);
  const words = changed.map((name) => `${OUTCOMES[name]}: ${score[name].band}`);
  return words.length ? `${words.join(". ")}.` : "";
}

/** Say which call this is. */
export function callName(call) {
  return [call.reason, call.queue].filter(Boolean)[0] ?? `contact ${call.contact_id}`;
}

/** Write an instant in the reader's own zone. */
export function local(at) {
  return new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
}

/** Say in what state the panel is. */
export function stateWords(state, detail, call) {
  if (state === "connecting") return "connecting …";
  if (state === "reconnecting") return `connection lost, trying again${detail ? ` in ${detail}` : " …"}`;
  if (state === "token") return "waiting for permission";
  if (state === "refused") return "not allowed";
  if (!call) return "waiting for a call";
  return { start: "call begins", live: "on a call", wrapup: "call ended" }[call.moment];
}
