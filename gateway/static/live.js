// Keeps the page up to date: fetches the changing part every two seconds and puts it in place,
// without taking the focus, a selection or an opened detail away from the reader.
"use strict";

const content = document.querySelector("[data-fragment]");
const live = document.getElementById("live");
const toggle = document.getElementById("toggle");
const EVERY = 2000;
let paused = false;
let said = document.getElementById("summary")?.textContent ?? "";

function reading() {
  const selection = document.getSelection();
  return selection && !selection.isCollapsed && content.contains(selection.anchorNode);
}

function replace(html) {
  const opened = [...content.querySelectorAll("details[open]")].map((detail) => detail.id);
  const focused = content.contains(document.activeElement) ? document.activeElement : null;
  const place = focused && (focused.id || focused.closest("[id]")?.id);
  const scrolled = [...content.querySelectorAll(".scroll")].map((part) => part.scrollLeft);
  content.innerHTML = html;
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
  content.querySelectorAll(".scroll").forEach((part, i) => { part.scrollLeft = scrolled[i] ?? 0; });
  if (focused && focused !== content) {
    const again = place && document.getElementById(place);
    const target = focused.tagName === "SUMMARY" ? again?.querySelector("summary") : again;
    (target ?? content).focus({ preventScroll: true });
  }
  const summary = document.getElementById("summary")?.textContent ?? "";
  if (summary !== said) {
    said = summary;
    live.textContent = summary; // read out by screen readers, and only when it changed
  }
}

async function refresh() {
  if (!paused && !document.hidden && !reading()) {
    try {
      const answer = await fetch(content.dataset.fragment, { cache: "no-store" });
      if (!answer.ok) throw new Error(String(answer.status));
      const html = await answer.text();
      if (!paused && !reading()) replace(html);
      document.body.classList.remove("lost");
    } catch {
      document.body.classList.add("lost");
      live.textContent = "The node does not answer; trying again.";
      said = "";
    }
  }
  setTimeout(refresh, EVERY);
}

if (content) {
  toggle.hidden = false;
  toggle.addEventListener("click", () => {
    paused = !paused;
    toggle.setAttribute("aria-pressed", String(paused));
    toggle.textContent = paused ? "Updates paused" : "Pause updates";
  });
  setTimeout(refresh, EVERY);
}
