// What a page is asked from inside; every question answers with a list of sentences, empty when all is well.
(() => {
  const shown = (el) => el.checkVisibility({ visibilityProperty: true, contentVisibilityAuto: true }) && el.getClientRects().length > 0;
  const say = (el) => el.outerHTML.replace(/\s+/g, " ").slice(0, 140);
  const all = (what, root = document) => [...root.querySelectorAll(what)];
  const id = (name) => document.getElementById(name);
  const ids = (el) => (el.getAttribute("aria-describedby") || "").split(/\s+/).filter(Boolean);
  const CONTROLS = "input:not([type=hidden]), select, textarea";

  // The frame: a title that ends in the portal's name, one main heading, one main part, landmarks that have a name.
  const frame = () => {
    const found = [];
    const headings = all("h1").filter(shown).length;
    if (headings !== 1) found.push(`${headings} main headings`);
    if (!document.documentElement.lang.startsWith("en")) found.push("no language");
    if (!/^\S.* – Formulary( administration)?$/.test(document.title) || document.title.startsWith("Formulary –")) found.push(`the title is “${document.title}”`);
    if (all("main, [role=main]").filter(shown).length !== 1) found.push("not one main part");
    for (const nav of all("nav, aside, [role=navigation]").filter(shown)) {
      if (!nav.getAttribute("aria-label") && !nav.getAttribute("aria-labelledby") && !nav.querySelector("h2")) found.push(`a landmark without a name: ${say(nav)}`);
    }
    for (const el of all("[tabindex]")) if (el.tabIndex > 0) found.push(`pushes the order of the keyboard: ${say(el)}`);
    return found;
  };

  // Fields: what stands beside one is read out with it, and what is wrong says so and leads to the field.
  const fields = () => {
    const found = [];
    for (const el of all("[aria-describedby], [aria-labelledby], [aria-controls]")) {
      for (const attribute of ["aria-describedby", "aria-labelledby"]) {
        for (const name of (el.getAttribute(attribute) || "").split(/\s+/).filter(Boolean)) if (!id(name)) found.push(`${attribute} names nothing: ${say(el)}`);
      }
    }
    for (const field of all("main .field")) {
      const controls = field.matches("fieldset") ? [field] : all(CONTROLS, field).filter((el) => shown(el) && el.type !== "checkbox" && el.type !== "radio");
      for (const note of all(".help, .hint, .error", field).filter((el) => shown(el) && el.textContent.trim())) {
        const read = [...controls, ...all(CONTROLS, field)].some((el) => ids(el).some((name) => id(name)?.contains(note)));
        if (controls.length && !read) found.push(`not read out with its field: ${say(note)}`);
      }
      if (!field.classList.contains("wrong") || field.matches("fieldset")) continue;
      for (const el of controls.slice(0, 1)) {
        if (el.getAttribute("aria-invalid") !== "true") found.push(`is wrong and does not say so: ${say(el)}`);
        if (!ids(el).some((name) => id(name)?.matches(".error, [role=alert] *") || id(name)?.querySelector(".error"))) found.push(`does not say what is wrong: ${say(el)}`);
      }
    }
    for (const link of all("[role=alert] a[href^='#']")) if (!id(decodeURIComponent(link.hash.slice(1)))) found.push(`leads nowhere: ${say(link)}`);
    return found;
  };

  // After a form came back, one stands at what must be mended.
  const mending = () => {
    const wrong = document.querySelector("main .wrong, main [aria-invalid=true], main [role=alert]");
    const at = document.activeElement;
    if (!wrong) return ["came back without a word of what is wrong"];
    return at?.closest("[role=alert]") || at?.matches("[aria-invalid=true]") ? [] : [`the keyboard stands at ${at ? say(at) : "nothing"}`];
  };

  // The stock sort arrows do what the heading beside them does (WCAG 2.5.8, equivalent).
  // Whatever stands alone can be hit with a thumb; a link in a sentence is as high as its line.
  const targets = () => {
    const inline = (el) => {
      if (getComputedStyle(el).display !== "inline") return false;
      const around = el.parentElement.closest("p, li, dd, dt, td, th, label, legend, h1, h2, h3, span, div, summary");
      return around && around.textContent.trim().length > el.textContent.trim().length;
    };
    const small = (el) => {
      const label = el.labels?.[0];
      const box = (label && /checkbox|radio/.test(el.type) ? label : el).getBoundingClientRect();
      return Math.min(box.width, box.height) < 23.5;
    };
    return all("a[href], button, input:not([type=hidden]), select, textarea, summary, [role=button]")
      .filter((el) => shown(el) && !el.disabled && !el.closest(".visually-hidden, .skip, .skip-to-content-link, .sortoptions") && !inline(el) && small(el))
      .slice(0, 4).map((el) => `smaller than 24 pixels: ${say(el)}`);
  };

  // Nothing makes the page scroll sideways; a table that must, does so in a place of its own that the keyboard reaches.
  const wide = async () => {
    await new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); });
    const found = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
      const out = all("body *").filter((el) => {
        if (!shown(el) || el.getBoundingClientRect().right <= width + 1) return false;
        for (let up = el.parentElement; up; up = up.parentElement) {
          if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX) && up.tagName !== "HTML") return false;
        }
        return true;
      });
      found.push("the page scrolls sideways", ...out.slice(0, 3).map(say));
    }
    for (const box of all("body *")) {
      const style = getComputedStyle(box);
      if (!["auto", "scroll"].includes(style.overflowX) || box.scrollWidth <= box.clientWidth + 1 || !shown(box) || box.matches(`${CONTROLS}, html`)) continue;
      const name = box.getAttribute("aria-label") || box.getAttribute("aria-labelledby");
      const inside = box.querySelector("a[href], button, input, select, textarea, [tabindex='0']");
      if (!(box.tabIndex >= 0 && name) && !inside) found.push(`scrolls out of the keyboard's reach: ${say(box)}`);
      if (box.tabIndex >= 0 && !name) found.push(`scrolls and has no name: ${say(box)}`);
    }
    return found;
  };

  const unseen = () => all("a[href], button, input, select, textarea, summary").filter((el) => {
    if (!shown(el) || el.disabled || el.type === "hidden") return false;
    el.focus({ preventScroll: true });
    if (document.activeElement !== el) return false;
    const style = getComputedStyle(el);
    return !(style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) && style.boxShadow === "none";
  }).slice(0, 3).map((el) => `focus cannot be seen: ${say(el)}`);

  const moving = () => {
    const long = (text) => text.split(",").some((part) => parseFloat(part) * (part.trim().endsWith("ms") ? 0.001 : 1) > 0.01);
    return all("*").filter((el) => {
      const style = getComputedStyle(el);
      return long(style.transitionDuration) || (style.animationName !== "none" && long(style.animationDuration));
    }).slice(0, 3).map((el) => `moves under reduced motion: ${say(el)}`);
  };

  const axe = async (options) => {
    const { violations } = await window.axe.run({ exclude: options.exclude || [] }, { resultTypes: ["violations"], preload: false, ...options.run });
    return violations.map((rule) => `axe, ${rule.id}: ${rule.nodes.slice(0, 3).map((node) => node.html.replace(/\s+/g, " ").slice(0, 160)).join(" | ")}`);
  };

  window.sweep = { frame, fields, mending, targets, wide, unseen, moving, axe };
})();
