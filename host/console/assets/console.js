// Small comforts. Every page works without them.
"use strict";

// Times in the reader's own zone.
function showTimes(root) {
  for (const time of root.querySelectorAll("time[datetime]")) {
    const at = new Date(time.dateTime);
    if (!Number.isNaN(at.getTime())) {
      time.title = time.dateTime;
      time.textContent = at.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "medium" });
    }
  }
}

// One box that checks all of a name.
document.addEventListener("change", (event) => {
  const name = event.target.dataset && event.target.dataset.checkAll;
  if (name) {
    for (const box of event.target.form.querySelectorAll(`input[type=checkbox][name="${name}"]`)) {
      box.checked = event.target.checked;
    }
  }
});

// "/" goes to the search.
document.addEventListener("keydown", (event) => {
  const search = document.querySelector("[data-search]");
  const typing = event.target.closest && event.target.closest("input, select, textarea");
  if (event.key === "/" && search && !typing) {
    event.preventDefault();
    search.focus();
  }
});

// A form is sent once, however often its button is pressed.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method === "post") {
    if (form.dataset.sent) {
      event.preventDefault();
    }
    form.dataset.sent = "yes";
  }
});
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) {
    delete form.dataset.sent;
  }
});

// What a reader wrote is not taken away under their hands.
function isFilled(field) {
  return field.type === "checkbox" ? field.checked !== field.defaultChecked : field.value !== field.defaultValue;
}

// A part of a page that follows what happens: where an event's kind begins with one of its words, it is read anew.
function follow(part) {
  const words = part.dataset.live.split(" ");
  let waiting = false;
  const renew = async () => {
    waiting = false;
    const reading = document.activeElement && part.contains(document.activeElement);
    const opened = part.querySelector("details[data-opened]");
    const filled = [...part.querySelectorAll("input, textarea")].some(isFilled);
    if (reading || opened || filled) {
      return;
    }
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) {
      return;
    }
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.querySelector("[data-live]");
    if (fresh) {
      part.replaceChildren(...fresh.childNodes);
      showTimes(part);
    }
  };
  const heard = (event) => {
    if (words.some((word) => event.type.startsWith(word)) && !waiting) {
      waiting = true;
      setTimeout(renew, 700);
    }
  };
  // Only while somebody looks: a browser keeps few connections to a host, for all its windows together.
  let events = null;
  const look = () => {
    if (document.hidden && events) {
      events.close();
      events = null;
    } else if (!document.hidden && !events) {
      events = new EventSource("/events");
      KINDS.forEach((kind) => events.addEventListener(kind, heard));
    }
  };
  document.addEventListener("visibilitychange", () => {
    look();
    if (!document.hidden) {
      renew();
    }
  });
  window.addEventListener("pagehide", () => events && events.close());
  look();
}

const KINDS = [
  "identity-changed", "plan-made", "plan-applied", "run-started", "run-completed", "run-failed", "run-stopping", "run-stopped",
  ...["planned", "sent", "applied", "already-so", "refused", "waiting", "unknown", "superseded", "cancelled"].map((end) => `operation-${end}`),
  ...["taken", "waits", "tried", "approved", "rolled-back", "refused"].map((end) => `connector-${end}`),
  ...["found", "changed", "linked", "adopted", "leaving", "staying", "gone", "deleted", "forgotten"].map((end) => `account-${end}`),
];

// What a reader opened is not closed under their hands.
document.addEventListener("toggle", (event) => {
  if (event.target.tagName === "DETAILS" && event.isTrusted) {
    event.target.toggleAttribute("data-opened", event.target.open);
  }
}, true);

showTimes(document);
const live = document.querySelector("[data-live]");
if (live) {
  follow(live);
}
