// Finds words as one types; what is typed stays in the browser. Without it the whole list stands there.
const box = document.querySelector("[data-find]");
box.hidden = false;
box.querySelector("input").addEventListener("input", (event) => {
  const wanted = event.target.value.trim().toLowerCase();
  let shown = 0;
  for (const group of document.querySelectorAll("[data-words]")) {
    const words = [...group.querySelectorAll("dl > div")];
    for (const word of words) word.hidden = !word.textContent.toLowerCase().includes(wanted);
    const left = words.filter((word) => !word.hidden).length;
    group.hidden = left === 0;
    shown += left;
  }
  document.querySelector("[data-none]").hidden = shown > 0;
  document.getElementById("live").textContent = shown === 1 ? "One word" : `${shown} words`;
});
