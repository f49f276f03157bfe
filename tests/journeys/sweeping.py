"""What every page and state must pass: axe without a finding, names, reflow at 400 % zoom, focus, targets, no motion."""

from pathlib import Path

from axe_playwright_python.base import AXE_SCRIPT

TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Of axe's good practice that is not WCAG: what people with a screen reader find their way by.
PRACTICE = [
    "region", "landmark-one-main", "landmark-unique", "heading-order", "empty-heading", "aria-dialog-name",
    "label-title-only", "scope-attr-valid", "skip-link", "accesskeys", "empty-table-header", "table-duplicate-name",
]  # fmt: skip
QUESTIONS = (Path(__file__).parent / "sweeping.js").read_text()
ADMIN = "/admin/"
# Rules of the stock administration's own markup, with the reason; everything else it must pass as our pages do.
NOT_OURS: dict[str, str] = {}


def problems(page, came_back: bool = False) -> list[str]:
    """What is wrong with the page that is open, in words, in one visit; nothing when it is as it should be.

    `came_back` says that it is a form which was sent and refused.
    """
    page.evaluate(AXE_SCRIPT)
    page.evaluate(QUESTIONS)
    found = _ask(page, "frame", "fields", *(["mending"] if came_back else []))
    found += _axe(
        page, {"type": "tag", "values": TAGS}, {rule: {"enabled": True} for rule in [*PRACTICE, "target-size"]}
    )
    found += _ask(page, "targets")
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    found += [f"in the dark: {text}" for text in _axe(page, {"type": "rule", "values": ["color-contrast"]})]
    found += _ask(page, "moving")
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.set_viewport_size({"width": 320, "height": 640})
    narrow = _ask(page, "wide", "targets") + _axe(page, {"type": "tag", "values": TAGS})
    found += [f"at 320 wide: {text}" for text in narrow]
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")
    page.keyboard.press("Tab")
    return found + _ask(page, "unseen")


def _ask(page, *questions: str) -> list[str]:
    return [text for name in questions for text in page.evaluate(f"window.sweep.{name}()")]


def _axe(page, only: dict, rules: dict | None = None) -> list[str]:
    """The findings of axe, of whatever weight."""
    off = {rule: {"enabled": False} for rule in NOT_OURS} if ADMIN in page.url else {}
    return page.evaluate(
        "options => window.sweep.axe(options)", {"run": {"runOnly": only, "rules": (rules or {}) | off}}
    )
