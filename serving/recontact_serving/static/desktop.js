// The panel as a page of its own, mostly inside an iframe: only a page of a listed origin may tell
// it what to follow, and hand it the token.

import "./recontact-panel.js";

const panel = document.querySelector("recontact-panel");
const listed = document.body.dataset.origins.split(" ").filter(Boolean);

/** The origin of the page around, as far as the browser tells it. */
function around() {
  if (window.parent === window) return null;
  const told = window.location.ancestorOrigins?.[0] ?? document.referrer;
  return told ? new URL(told).origin : null;
}

function tell(type) {
  const origin = around();
  if (listed.includes(origin)) window.parent.postMessage({ type }, origin);
}

window.addEventListener("message", ({ source, origin, data }) => {
  if (source !== window.parent || !listed.includes(origin)) return;
  if (data?.type !== "recontact:follow") return;
  for (const name of ["agent", "contact"]) {
    if (typeof data[name] === "string") panel.setAttribute(name, data[name]);
    else panel.removeAttribute(name);
  }
  panel.token = typeof data.token === "string" ? data.token : null;
});
panel.addEventListener("recontact-token-needed", () => tell("recontact:token-needed"));
tell("recontact:ready");
