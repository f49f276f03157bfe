"""What every page must pass: axe without a finding, reflow at 400 % zoom, a visible focus, no motion where none is wanted."""

from axe_playwright_python.sync_playwright import Axe

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
FACTS = """() => {
  const shown = (el) => el.getClientRects().length > 0 && getComputedStyle(el).visibility !== "hidden";
  const say = (el) => el.outerHTML.slice(0, 140);
  return {
    title: document.title, lang: document.documentElement.lang,
    headings: [...document.querySelectorAll("h1")].filter(shown).length,
    pushed: [...document.querySelectorAll("[tabindex]")].filter((el) => el.tabIndex > 0).map(say),
  };
}"""
WIDE = """() => document.documentElement.scrollWidth <= document.documentElement.clientWidth ? [] :
  [...document.querySelectorAll("main *, header *, nav *, aside *")].filter((el) => {
    if (el.getBoundingClientRect().right <= document.documentElement.clientWidth + 1) return false;
    for (let up = el.parentElement; up; up = up.parentElement)
      if (["auto", "scroll", "hidden", "clip"].includes(getComputedStyle(up).overflowX) && up.tagName !== "HTML") return false;
    return true;
  }).slice(0, 3).map((el) => el.outerHTML.slice(0, 140)).concat(["the page scrolls sideways"])"""
UNSEEN = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((el) => {
  if (!el.getClientRects().length || el.disabled || el.type === "hidden") return false;
  el.focus();
  if (document.activeElement !== el) return false;
  const style = getComputedStyle(el);
  return !(style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2) && style.boxShadow === "none";
}).slice(0, 3).map((el) => el.outerHTML.slice(0, 140))"""
MOVING = """() => {
  const long = (text) => text.split(",").some((part) => parseFloat(part) * (part.trim().endsWith("ms") ? 0.001 : 1) > 0.01);
  return [...document.querySelectorAll("*")].filter((el) => {
    const style = getComputedStyle(el);
    return long(style.transitionDuration) || (style.animationName !== "none" && long(style.animationDuration));
  }).slice(0, 3).map((el) => el.outerHTML.slice(0, 140));
}"""


def problems(page) -> list[str]:
    """What is wrong with the page that is open, in words; nothing when it is as it should be."""
    facts = page.evaluate(FACTS)
    found = [f"{facts['headings']} main headings"] if facts["headings"] != 1 else []
    found += ["no language"] if facts["lang"] != "en" else []
    found += [f"pushes the order of the keyboard: {text}" for text in facts["pushed"]]
    page.keyboard.press("Tab")
    found += [f"focus cannot be seen: {text}" for text in page.evaluate(UNSEEN)]
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        found += axe(page, width, {"runOnly": {"type": "tag", "values": TAGS}})
        found += [f"at {width} wide: {text}" for text in page.evaluate(WIDE)]
        page.emulate_media(color_scheme="dark", reduced_motion="reduce")
        found += axe(page, f"{width}, dark", {"runOnly": {"type": "rule", "values": ["color-contrast"]}})
    found += [f"moves under reduced motion: {text}" for text in page.evaluate(MOVING)]
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    return found


def axe(page, where, options: dict) -> list[str]:
    """The findings of axe, of whatever weight."""
    found = Axe().run(page, options=options).response["violations"]
    return [f"axe at {where}: {rule['id']}: {[node['html'][:140] for node in rule['nodes']][:3]}" for rule in found]


def state_problems(page) -> list[str]:
    """The same for a state of a page that is swept anyway: axe, and nothing wider than a narrow screen."""
    found = axe(page, 1280, {"runOnly": {"type": "tag", "values": TAGS}})
    page.set_viewport_size({"width": 320, "height": 800})
    found += [f"at 320 wide: {text}" for text in page.evaluate(WIDE)]
    page.set_viewport_size({"width": 1280, "height": 800})
    return found
