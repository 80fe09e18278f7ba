// Everything works without this file; it adds the keyboard, the theme, the help and toasts that go away.
"use strict";
const root = document.documentElement;
root.classList.add("js");
const find = (selector) => document.querySelector(selector);
const remember = (name, value) => {
  const tls = location.protocol === "https:" ? ";secure" : "";
  document.cookie = `${name}=${value};path=/;max-age=31536000;samesite=lax${tls}`;
};

const switchTheme = () => {
  const dark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme:dark)").matches;
  root.dataset.theme = dark ? "light" : "dark";
  remember("theme", root.dataset.theme);
};
const help = () => find("#help")?.showModal();
const actions = { theme: switchTheme, help };
document.addEventListener("click", (event) => {
  actions[event.target.closest("[data-action]")?.dataset.action]?.();
});

// A submit button is pressed once; the second press of an impatient hand does nothing.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || event.submitter?.formTarget) return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "yes";
  setTimeout(() => delete form.dataset.sent, 5000);
});
addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// In a field for several values, what is suggested goes on after the last comma.
document.addEventListener("input", ({ target }) => {
  if (!target.matches("[data-several]") || !target.list) return;
  const before = target.value.slice(0, target.value.lastIndexOf(",") + 1);
  for (const one of target.list.options) {
    one.dataset.alone ??= one.value;
    one.value = before ? `${before} ${one.dataset.alone}` : one.dataset.alone;
  }
});

// A message's preview follows the typing; what is inserted goes where the cursor was last.
let showing, field;
find("[data-live]")?.addEventListener("input", () => {
  clearTimeout(showing);
  showing = setTimeout(() => find("[data-show]").click(), 700);
});
document.addEventListener("focusin", (event) => (field = event.target.matches("[data-insert-into]") ? event.target : field));
document.addEventListener("click", (event) => {
  const text = event.target.closest("[data-insert]")?.dataset.insert;
  const into = text && (field || find("#body"));
  if (!into) return;
  into.closest("details")?.setAttribute("open", "");
  into.setRangeText(text, into.selectionStart, into.selectionEnd, "end");
  into.focus();
  into.dispatchEvent(new Event("input", { bubbles: true }));
});

for (const toast of document.querySelectorAll("[data-toast]")) {
  let left = setTimeout(() => toast.remove(), 10000);
  toast.addEventListener("mouseenter", () => clearTimeout(left));
  toast.addEventListener("focusin", () => clearTimeout(left));
  toast.addEventListener("mouseleave", () => (left = setTimeout(() => toast.remove(), 10000)));
}

// The first wrong field of a form that came back, else nothing: a page keeps its own focus.
find("[aria-invalid=true]")?.focus();

// The open one of a long list is in sight again.
find("[data-row][aria-current]")?.scrollIntoView({ block: "nearest" });

const rows = () => [...document.querySelectorAll("[data-row]")];
const move = (by) => {
  const all = rows();
  const at = all.findIndex((row) => row.contains(document.activeElement) || row.hasAttribute("data-here"));
  const next = all[Math.min(Math.max(at + by, 0), all.length - 1)];
  if (!next) return;
  all.forEach((row) => row.removeAttribute("data-here"));
  next.setAttribute("data-here", "");
  (next.matches("a,button") ? next : next.querySelector("a,button"))?.focus();
  next.scrollIntoView({ block: "nearest" });
};
const keys = {
  j: () => move(1),
  k: () => move(-1),
  "?": help,
  "/": () => find("[data-search]")?.focus(),
};
let going = false;
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input,textarea,select,[contenteditable]");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || find("dialog[open]")) return;
  if (!document.body.hasAttribute("data-shortcuts")) return;
  if (going) {
    going = false;
    const entry = find(`[data-go="${CSS.escape(event.key)}"]`);
    if (entry) location.assign(entry.href);
    return;
  }
  if (event.key === "g") {
    going = true;
    setTimeout(() => (going = false), 1500);
    return;
  }
  const pressed = keys[event.key] || (find(`[data-key="${CSS.escape(event.key)}"]`) && (() => find(`[data-key="${CSS.escape(event.key)}"]`).click()));
  if (!pressed) return;
  event.preventDefault();
  pressed();
});
