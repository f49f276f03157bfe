// A model's form: the other unit, warnings as one leaves a field, what is missing, and a draft that is kept meanwhile.

const form = document.querySelector("[data-form]");
const tally = document.getElementById("tally");

// Four significant digits, as the server writes them.
function rounded(number) {
  return String(Number(number.toPrecision(4)));
}

function signed(bound) {
  return String(Number(bound)).replace("-", "−");
}

function range(low, high, unit) {
  if (low === undefined) return `up to ${signed(high)} ${unit}`;
  if (high === undefined) return `from ${signed(low)} ${unit}`;
  return `${signed(low)} to ${signed(high)} ${unit}`;
}

function outside(number, low, high) {
  return (low !== undefined && number < Number(low)) || (high !== undefined && number > Number(high));
}

// What was typed, and the same in the model's own unit; NaN while it is no number.
function read(input) {
  const text = input.value.trim();
  const typed = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/.test(text) ? Number(text) : NaN;
  const select = input.parentElement.querySelector("select");
  const option = select?.selectedOptions[0];
  const other = select && select.selectedIndex > 0;
  const line = other && option.dataset.factor !== undefined;
  const own = line ? typed * Number(option.dataset.factor) + Number(option.dataset.offset) : other ? NaN : typed;
  return { text, typed, own, other, unit: option ? option.value : input.dataset.unit, shown: option ? option.textContent : input.dataset.unitLabel };
}

function convert(input) {
  const place = document.getElementById(`${input.id}-same`);
  if (!place) return;
  const found = read(input);
  const known = found.other && Number.isFinite(found.own);
  possible(input, found);
  place.textContent = known ? `${found.typed} ${found.shown} = ${rounded(found.own)} ${input.dataset.unitLabel}` : "";
}

// What can be at all, in the unit that is chosen; in the model's own where no straight line leads to it.
function possible(input, found) {
  const place = input.closest(".field").querySelector("[data-possible]");
  if (!place) return;
  const { factor, offset } = input.parentElement.querySelector("select").selectedOptions[0].dataset;
  const line = found.other && factor !== undefined;
  const shown = (bound) => (line && bound !== undefined ? rounded((Number(bound) - Number(offset)) / Number(factor)) : bound);
  say(place, range(shown(input.dataset.min), shown(input.dataset.max), line ? found.shown : input.dataset.unitLabel));
}

// What is unusual may be right and asks for a tick that holds for this value in this unit; what cannot be is said at once.
// What the server said stands until its answer is changed.
function judge(input) {
  const { text, typed, own, unit, shown } = read(input);
  const { usualMin, usualMax, min, max, unitLabel } = input.dataset;
  const field = input.closest(".field");
  const place = document.getElementById(`${input.id}-soft`);
  const impossible = Number.isFinite(own) && outside(own, min, max);
  const unread = text !== "" && Number.isNaN(typed);
  const unusual = !impossible && Number.isFinite(own) && outside(own, usualMin, usualMax);
  const served = text === input.defaultValue.trim() && !impossible && !unusual && field.classList.contains("wrong");
  const label = document.getElementById(`${input.id}-tick`);
  const box = label.querySelector("input");
  const holds = `${text} ${unit}`.trim();
  if (box.value !== holds) box.checked = false;
  box.value = holds;
  label.querySelector("strong").textContent = `${text} ${shown}`.trim();
  label.hidden = !unusual;
  if (!served) {
    let words = "";
    if (unread) words = "Write a number, for example 37.5.";
    if (impossible) words = `Not possible: allowed ${range(min, max, unitLabel)}.`;
    if (unusual) words = `Unusual: the model has seen ${range(usualMin, usualMax, unitLabel)}.${box.checked ? "" : " Please confirm."}`;
    mark(field, place, impossible || unread ? "wrong" : unusual ? "unusual" : "", words);
    if (impossible || unread) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }
  count();
}

// What the server said of a text, a list or a moment, which nothing here reads, stands until the answer is changed too.
function unsay(input) {
  const field = input.closest(".field");
  const place = document.getElementById(`${input.id}-soft`);
  if (!place || !field?.classList.contains("wrong") || input.value.trim() === input.defaultValue.trim()) return;
  mark(field, place, "", "");
  input.removeAttribute("aria-invalid");
}

function mark(field, place, state, words) {
  for (const name of ["wrong", "unusual"]) field.classList.toggle(name, name === state);
  place.dataset.judged = state;
  say(place.querySelector("span"), words);
  const seen = field.querySelector("[data-seen]");
  if (seen) seen.hidden = state === "unusual";
}

// Whether a question is asked while the answer on which it hangs is as it stands; what is not asked is not sent.
function wanted(question) {
  const other = document.getElementById(question.dataset.when);
  const above = other?.closest("[data-question]");
  if (!above) return true;
  if (above.hidden || faulty(above)) return false;
  const text = held(above);
  const input = above.querySelector("input[data-unit]");
  const answer = input ? read(input).own : text;
  if (text === "") return false;
  const { whenTest, whenValue } = question.dataset;
  if (whenTest === "above") return answer > Number(whenValue);
  if (whenTest === "below") return answer < Number(whenValue);
  const same = (value) => (input ? Number(value) === answer : value === answer);
  return whenValue.split("\n").some(same);
}

function reveal() {
  // One may hang on another that hangs on a third, whatever their order on the page.
  const hanging = [...form.querySelectorAll("[data-when]")];
  for (let round = 0; round <= hanging.length; round += 1) {
    let changes = false;
    for (const question of hanging) {
      const off = !wanted(question);
      changes ||= question.hidden !== off;
      question.hidden = off;
      for (const control of question.querySelectorAll("input, select, textarea")) control.disabled = off;
    }
    if (!changes) return;
  }
}

// What a question holds now; empty where it has no answer.
function held(question) {
  const chosen = question.querySelector("input[type=radio]:checked");
  if (chosen) return chosen.value === "unknown" ? "" : chosen.value;
  return question.querySelector(".with-unit input, textarea, input[type=file]")?.value.trim() ?? "";
}

// An answer that cannot be used, as far as the page or the server has said so.
function faulty(question) {
  return held(question) !== "" && question.classList.contains("wrong");
}

// Where another answer stands than the record's, the record's origin, day and age no longer speak for it.
function compare(question) {
  const recorded = question.querySelector("[data-recorded]");
  if (!recorded) return;
  const changed = question.querySelector("[data-changed]");
  const back = changed.querySelector("[data-take]");
  const select = question.querySelector(".with-unit select");
  const same = held(question) === back.dataset.take && !(select && select.selectedIndex > 0);
  recorded.hidden = !same;
  changed.hidden = same;
  const how = held(question) === "" ? "Not given" : question.matches("fieldset") ? "Chosen" : "Typed";
  say(changed.querySelector("[data-how]"), how);
}

// Put a value into its field, as if it had been typed there: the record's, or that of last time. The person presses.
function take(button) {
  const question = button.closest("[data-question]");
  const value = button.dataset.take;
  const radio = [...question.querySelectorAll("input[type=radio]")].find((one) => one.value === value);
  const input = radio ?? question.querySelector(".with-unit input, textarea");
  const select = question.querySelector(".with-unit select");
  if (select) select.selectedIndex = 0;
  if (radio) radio.checked = true;
  else input.value = value;
  input.dispatchEvent(new Event("input", { bubbles: true }));
  if (input.dataset.unit !== undefined) judge(input);
  input.focus();
  const shown = radio ? radio.parentElement.textContent.trim() : `${value} ${input.dataset.unitLabel ?? ""}`.trim();
  say(document.getElementById("live"), `${button.dataset.taken}: ${question.dataset.question}, ${shown}.`);
}

// The share that is missing, with as many places as it takes to read on its own side of the limit.
function beside(share, limit) {
  const most = Number((limit * 100).toFixed(4));
  for (let places = 0; places < 5; places += 1) {
    const text = (share * 100).toFixed(places);
    if (Number(text) > most === share > limit) return text;
  }
  return String(share * 100);
}

function relied(gone) {
  const limit = Number(tally.dataset.limit);
  const sum = gone.reduce((found, question) => found + Number(question.dataset.weight ?? 0), 0);
  const share = Number(sum.toFixed(6));
  const place = tally.querySelector("[data-relied]");
  place.hidden = share === 0;
  place.classList.toggle("over", share > limit);
  say(place.querySelector("[data-share]"), beside(share, limit));
}

function count() {
  reveal();
  if (!tally) return;
  const questions = [...form.querySelectorAll("[data-question]:not([hidden])")];
  const wrong = questions.filter(faulty);
  const gone = questions.filter((question) => held(question) === "");
  const names = (found) => found.map((question) => question.dataset.question).join(", ");
  const needed = gone.filter((question) => "needed" in question.dataset);
  const missing = gone.filter((question) => !("needed" in question.dataset));
  const unticked = questions.filter((question) => question.querySelector("label.tick:not([hidden]) input:not(:checked)"));
  const parts = [];
  if (needed.length) parts.push(`; still needed: ${names(needed)}`);
  if (wrong.length) parts.push(`; to correct: ${names(wrong)}`);
  if (missing.length) parts.push(`; ${missing.length} missing: ${names(missing)}`);
  if (unticked.length) parts.push(`; to check: ${names(unticked)}`);
  const spared = form.querySelectorAll("[data-question][hidden]").length;
  if (spared) parts.push(`; ${spared} not asked because of other answers`);
  say(tally.querySelector("[data-known]"), `${questions.length - gone.length - wrong.length} of ${questions.length} known`);
  say(tally.querySelector("[data-gaps]"), parts.join(""));
  const assumed = questions.filter((question) => "notListed" in question.dataset && question.querySelector("[data-changed] [data-take]").dataset.take === held(question));
  say(tally.querySelector("[data-assumed]"), assumed.length ? `, ${assumed.length} of them “No” because not on the problem list` : "");
  relied(gone);
  for (const question of questions) {
    const without = question.querySelector("[data-without]");
    if (without) without.hidden = held(question) !== "";
    compare(question);
  }
}

function say(place, words) {
  if (place.textContent !== words) place.textContent = words;
}

function changed(event) {
  const input = event.target.closest(".with-unit")?.querySelector("input[data-unit]");
  if (input) {
    convert(input);
    const label = document.getElementById(`${input.id}-tick`);
    const marked = input.closest(".field").classList.contains("wrong");
    if (event.target !== input || !label.hidden || marked) judge(input);
  } else unsay(event.target);
  const ticked = event.target.closest("label.tick")?.parentElement.querySelector("input[data-unit]");
  if (ticked) judge(ticked);
  count();
}

// The draft goes out a moment after the last change: that is the person's doing, and counts as such. A second attempt,
// when the network failed, is the page's own doing and does not keep a session alive.
let waiting = 0;
let sending = false;

function soon(again) {
  clearTimeout(waiting);
  waiting = setTimeout(() => keep(again), again ? 15_000 : 2000);
}

async function keep(again) {
  if (sending || form.hidden) return;
  sending = true;
  try {
    const data = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === "string"));
    const headers = again ? { "X-Background": "1" } : {};
    const answer = await fetch(form.dataset.draft, { method: "POST", body: data, headers, redirect: "manual" });
    const time = new Date().toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
    if (answer.ok) say(document.getElementById("draft-said"), `Draft kept, ${time}.`);
  } catch {
    say(document.getElementById("draft-said"), "The draft could not be kept; it is tried again.");
    soon(true);
  } finally {
    sending = false;
  }
}

if (form?.dataset.draft) {
  form.addEventListener("input", () => soon(false));
  form.addEventListener("submit", () => clearTimeout(waiting));
}

if (form) {
  form.addEventListener("input", changed);
  form.addEventListener("focusout", (event) => { if (event.target.matches("input[data-unit]")) judge(event.target); });
  // A key that is held down on the way here does not press the button.
  form.addEventListener("keydown", (event) => { if (event.repeat && event.key === "Enter") event.preventDefault(); });
  for (const input of form.querySelectorAll("input[data-unit]")) convert(input);
  reveal();
  for (const button of form.querySelectorAll("[data-take]")) {
    button.hidden = false;
    button.addEventListener("click", () => take(button));
  }
  document.getElementById("errors")?.focus();
  // The head says for whom and by which model: the focus goes to the button, the page stays at its top.
  form.querySelector("button[data-ready]")?.focus({ preventScroll: true });
}
