// The session's clock: warns two minutes before the end, lets one key prolong it, and never loses a half-filled form.

const box = document.getElementById("session");
const WARN = 120;
let ends = 0;
let longer = true;
let touched = false;
let timer = 0;

function set(left) {
  ends = Date.now() + left * 1000;
  clearTimeout(timer);
  timer = setTimeout(look, Math.max(left - WARN, 0) * 1000 + 200);
}

// Another tab may have prolonged the session: the server knows, this page does not.
async function look() {
  const state = await ask(box.dataset.status);
  if (!state) return gone(true);
  if (state.who !== box.dataset.who || state.left <= 0) return leave(state);
  document.querySelector("main").hidden = false;
  longer = state.longer;
  if (state.left > WARN) {
    close();
    return set(state.left);
  }
  ends = Date.now() + state.left * 1000;
  if (!box.open) warn();
  count();
  return undefined;
}

function warn() {
  box.querySelector("[data-final]").hidden = longer;
  box.querySelector("[data-hint]").hidden = !longer;
  box.querySelector("[data-stay]").textContent = longer ? "Stay signed in" : "I understand";
  box.showModal();
}

let spoken = 0;
function count() {
  clearTimeout(timer);
  const left = Math.ceil((ends - Date.now()) / 1000);
  if (left <= 0) {
    timer = setTimeout(look, 1200);
    return;
  }
  box.querySelector("[data-count]").textContent = left > 60 ? "two minutes" : `${left} seconds`;
  spoken += 1;
  timer = spoken % 10 === 0 ? setTimeout(look, 1000) : setTimeout(count, 1000);
}

async function stay() {
  if (!longer) return close();
  const state = await ask(box.dataset.extend, { method: "POST", body: form({}) });
  if (!state || state.left <= 0) return look();
  close();
  return set(state.left);
}

function close() {
  if (box.open) box.close();
}

// The page of a session that is over shows nothing of anybody; what was typed goes to the server, not into the browser.
async function leave(state) {
  gone(false);
  const typed = state.who === "" && half();
  if (typed) {
    const fields = { "kept-path": location.pathname + location.search };
    await fetch(box.dataset.keep, { method: "POST", body: form(fields, typed) }).catch(() => {});
  }
  location.assign(`${box.dataset.login}?next=${encodeURIComponent(location.pathname + location.search)}`);
}

function gone(again) {
  close();
  document.querySelector("main").hidden = true;
  if (again) timer = setTimeout(look, 10_000);
}

function half() {
  const found = document.querySelector("main form[method=post]");
  const mended = document.querySelector("main .wrong, main [data-restored], main .notice.danger");
  return found && (touched || mended) ? found : null;
}

function form(fields, from) {
  const data = new URLSearchParams(from ? [...new FormData(from)].filter(([, value]) => typeof value === "string") : []);
  for (const secret of from ? from.querySelectorAll("input[type=password]") : []) data.delete(secret.name);
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  data.set("csrfmiddlewaretoken", document.querySelector("input[name=csrfmiddlewaretoken]").value);
  return data;
}

async function ask(url, options) {
  try {
    const answer = await fetch(url, { headers: { "X-Background": "1" }, redirect: "manual", ...options });
    return answer.ok ? await answer.json() : { left: 0, who: "" };
  } catch {
    return null;
  }
}

if (box) {
  document.addEventListener("input", (event) => { if (event.target.closest("main form")) touched = true; });
  box.querySelector("[data-stay]").addEventListener("click", stay);
  box.addEventListener("keydown", (event) => { if (!["Tab", "Shift", "Enter", " "].includes(event.key)) { event.preventDefault(); stay(); } });
  box.addEventListener("cancel", (event) => { event.preventDefault(); stay(); });
  document.addEventListener("visibilitychange", () => { if (!document.hidden && Date.now() > ends - WARN * 1000) look(); });
  set(Number(box.dataset.left));
}
