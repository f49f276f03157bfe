// Small helps; every page works without them.

document.addEventListener("click", (event) => {
  const theme = event.target.closest("[data-theme-choice]");
  if (theme) {
    const choice = theme.dataset.themeChoice;
    if (choice === "auto") {
      localStorage.removeItem("theme");
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem("theme", choice);
      document.documentElement.dataset.theme = choice;
    }
  }
  const copy = event.target.closest("[data-copy]");
  if (copy) navigator.clipboard?.writeText(copy.dataset.copy).then(() => announce("Copied."));
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open], details.choice[open]:not([data-wrong])")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

// Escape closes what floats, and leads back to what opened it.
document.addEventListener("keydown", (event) => {
  const open = event.key === "Escape" && event.target.closest("details.menu[open], details.choice[open]");
  if (open) { open.open = false; open.querySelector("summary").focus(); }
});

// A form that was sent once is not sent twice.
document.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button[data-once]");
  if (button) setTimeout(() => { button.disabled = true; }, 0);
});

// A page that the browser kept whole, of another patient or another person, is asked for anew.
window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// Keys: / goes to the search field of the page.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.target.closest("input, textarea, select")) return;
  const search = document.querySelector("input[type=search]");
  if (search) { event.preventDefault(); search.focus(); }
});

// Keys of a list: the arrows walk its rows from link to link, s marks, r runs, ? says which keys there are.
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.target.closest("input, textarea, select")) return;
  if (event.key === "?") {
    const keys = document.querySelector("[data-keys]");
    if (keys) { keys.open = !keys.open; keys.querySelector("summary").focus(); }
    return;
  }
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const rows = [...document.querySelectorAll("[data-rows] tbody tr")];
  const row = document.activeElement?.closest("[data-rows] tbody tr");
  if (!row) {
    const first = step === 1 && document.activeElement === document.body && rows[0]?.querySelector("a");
    if (first) { event.preventDefault(); first.focus(); }
    return;
  }
  if (step) {
    const next = rows[rows.indexOf(row) + step]?.querySelector("a");
    if (next) { event.preventDefault(); next.focus(); }
  }
  if (event.key === "r") row.querySelector("a[data-run]")?.click();
  if (event.key === "s") row.querySelector("form[data-mark]")?.requestSubmit();
});

// What a swap changed is said aloud; focus stays where it was, and goes to the content when its place is gone.
let inside = false;
document.addEventListener("htmx:beforeSwap", (event) => { inside = event.detail.target?.contains(document.activeElement); });
document.addEventListener("htmx:afterSettle", () => {
  if (inside && document.activeElement === document.body) document.getElementById("content").focus();
  inside = false;
});
document.addEventListener("htmx:afterSwap", (event) => {
  const said = event.detail.target?.querySelector?.("[data-announce]") || document.querySelector("[data-announce]");
  if (said) announce(said.textContent.trim());
});

function announce(text) {
  const live = document.getElementById("live");
  if (live && live.textContent !== text) live.textContent = text;
}

// What is folded on the screen is printed all the same, also by browsers that need it opened first.
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("details[data-depth]:not([open])")];
  for (const part of folded) part.open = true;
});
window.addEventListener("afterprint", () => {
  for (const part of folded) part.open = false;
});

// A table that is wider than its place scrolls by keyboard too.
function reachScrolling() {
  for (const box of document.querySelectorAll(".table:not([tabindex])")) {
    if (box.scrollWidth <= box.clientWidth) continue;
    box.tabIndex = 0;
    box.setAttribute("role", "group");
    box.setAttribute("aria-label", "Table, scrolls sideways");
  }
}
reachScrolling();
addEventListener("resize", reachScrolling);
document.addEventListener("htmx:afterSettle", reachScrolling);

// What stands beside a field is read out with it: its hint, and what the summary says is wrong with it.
let notes = 0;
function describe(control, field) {
  const beside = [...field.querySelectorAll(".help, .hint, .error")].filter((note) => !note.querySelector("input, select, textarea"));
  const own = control.id && document.querySelector(`[role="alert"] a[href="#${CSS.escape(control.id)}"]`);
  const wrong = own || (field.matches(".wrong") && !field.querySelector(".error") && document.querySelector('[role="alert"] a[href^="#"]'));
  const said = (control.getAttribute("aria-describedby") || "").split(" ").filter(Boolean);
  for (const note of wrong ? [wrong, ...beside] : beside) {
    if (said.some((name) => document.getElementById(name)?.contains(note))) continue;
    note.id ||= `note-${(notes += 1)}`;
    said.push(note.id);
  }
  if (said.length) control.setAttribute("aria-describedby", said.join(" "));
  if (wrong && !control.matches("fieldset")) control.setAttribute("aria-invalid", "true");
}
for (const field of document.querySelectorAll("main .field")) {
  const controls = field.matches("fieldset") ? [field] : field.querySelectorAll("input:not([type=hidden]), select:not(.with-unit *), textarea");
  for (const control of controls) describe(control, field);
}

// What has to be mended is where one goes on after a form came back.
document.querySelector("main .notice.danger[tabindex='-1']")?.focus();
