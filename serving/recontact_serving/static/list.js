// Small comforts of the list; all of it works without.
const ticked = () => document.querySelectorAll('input[name="contact_id"][type="checkbox"]');
const every = document.getElementById("every");
const chosen = document.getElementById("chosen");
const messages = document.getElementById("messages");

function count() {
  const boxes = [...ticked()];
  const number = boxes.filter((box) => box.checked).length;
  chosen.textContent = number ? `With the ${number} ticked:` : "With the ticked ones:";
  every.checked = number > 0 && number === boxes.length;
  every.indeterminate = number > 0 && number < boxes.length;
}

if (every) {
  every.parentElement.hidden = false;
  every.addEventListener("change", () => {
    for (const box of ticked()) box.checked = every.checked;
    count();
  });
  document.addEventListener("change", (event) => {
    if (event.target.name === "contact_id") count();
  });
  count();
}

// A drawer of forms opens at its link, and closes at the same link.
document.addEventListener("htmx:beforeRequest", (event) => {
  const link = event.target;
  if (!link.id?.endsWith("-more")) return;
  const forms = document.getElementById(link.id.replace(/more$/, "forms"));
  if (forms.childElementCount) {
    event.preventDefault();
    forms.replaceChildren();
  }
});
document.addEventListener("htmx:afterSwap", (event) => {
  const forms = event.detail.target;
  if (forms?.classList.contains("forms")) forms.querySelector("select, input:not([type=hidden])")?.focus();
});

// What goes wrong is told where one looks.
function tell(words) {
  if (messages?.textContent === words) return;
  const box = document.createElement("p");
  box.className = "message refused card";
  box.textContent = words;
  messages?.replaceChildren(box);
}
document.addEventListener("htmx:responseError", (event) => {
  if (event.target.id !== "live") tell("That could not be done. Load the page again, and try once more.");
  else if (event.detail.xhr.status === 403) tell("This page is of another session. Load it again to see what is new.");
});
document.addEventListener("htmx:sendError", (event) => {
  if (event.target.id !== "live") tell("The service does not answer. Try again in a moment.");
});
document.addEventListener("htmx:beforeOnLoad", (event) => {
  const led = new URL(event.detail.xhr.responseURL || location.href).pathname;
  if (led === "/sign-in") location.reload(); // the session is over
});
