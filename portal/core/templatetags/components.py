"""Small tags that the pages share."""

from datetime import datetime, timedelta

from django import template
from django.utils.html import format_html
from django.utils.timezone import localtime

from portal.core import clock, days, shares

register = template.Library()

TONES = {
    "approved": "good", "succeeded": "good", "ok": "good", "finished": "good", "in force": "good", "granted": "good",
    "submitted": "info", "in_review": "info", "pending": "info", "running": "info", "draft": "", "to come": "info",
    "over": "past", "withdrawn": "past",
    "removed": "attention", "reading": "info", "unconfirmed": "attention", "confirmed": "good",
    "waiting": "info", "building": "info", "ready": "good", "loaded": "good", "taken": "good",
    "suspended": "danger", "refused": "danger", "failed": "danger", "denied": "danger", "cancelled": "attention", "retired": "attention", "expired": "attention",
}  # fmt: skip
ICONS = {
    "good": "check-circle",
    "info": "clock",
    "danger": "x-circle",
    "attention": "exclamation-triangle",
    "past": "minus-circle",
    "": "pencil",
}


@register.inclusion_tag("_components/badge.html")
def state(code: str, words: str) -> dict:
    """A state as a word with an icon; the colour repeats what both say."""
    tone = TONES.get(code, "")
    return {"tone": tone, "icon": ICONS[tone], "words": words}


@register.filter
def unbroken(text) -> str:
    """A text whose numbers stay on one line with their percent sign."""
    return str(text).replace(" %", "\u00a0%")


@register.simple_tag
def when(moment):
    """A moment as “8 Nov 2026, 14:02”, with its zone on hover."""
    if not moment:
        return "–"
    local = localtime(moment)
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), local.strftime("%Z"),
                       local.strftime("%-d %b %Y, %H:%M"))  # fmt: skip


@register.simple_tag
def about(moment) -> str:
    """A moment that is near and uncertain, as “in about 3 minutes”."""
    seconds = (moment - clock.now()).total_seconds()
    if seconds < 10:
        return "in a few seconds"
    if seconds < 90:
        return f"in about {round(seconds, -1):.0f} seconds"
    minutes = round(seconds / 60)
    return f"in about {minutes} minutes" if minutes < 90 else f"in about {round(minutes / 60)} hours"


@register.simple_tag
def until(moment):
    """The end of something: a midnight is the end of the day before."""
    if not moment:
        return "no end"
    local = localtime(moment)
    if (local.hour, local.minute) != (0, 0):
        return when(moment)
    last = local - timedelta(minutes=1)
    return format_html('<time datetime="{}">the end of {}</time>', moment.isoformat(), last.strftime("%-d %b %Y"))


@register.filter
def day(text: str) -> str:
    """An ISO day or moment as “8 Nov 2026”; a month as “Nov 2026”."""
    return days.said(text)


@register.filter
def moment(text: str) -> str:
    """An ISO moment without a zone, as a device's clock gave it, as “8 Nov 2026, 14:02”."""
    try:
        return f"{datetime.fromisoformat(text):%-d %b %Y, %H:%M}"
    except (TypeError, ValueError):
        return ""


@register.filter
def get(mapping, key):
    """A member of a mapping, empty when it is not there."""
    return mapping.get(key, "") if mapping else ""


@register.filter
def short(digest: str) -> str:
    """The beginning of a digest, enough to tell two apart."""
    return f"{digest[:12]}…" if digest else ""


@register.filter
def percent(share) -> str:
    """An observed share in percent; a predicted one has its words in its reading."""
    return "" if share is None else f"{share * 100:.0f} %"


@register.filter
def beside(share, base) -> str:
    """How a probability stands to the base rate, in words, as both are shown."""
    if round(share * 100) == round(base * 100):
        return "about as high"
    return "above it" if share > base else "below it"


@register.filter
def of_100(share) -> str:
    """A probability as a count of a hundred, capped at both ends."""
    return "" if share is None else shares.of_100(share)


@register.filter
def cut_words(text: str) -> list[str]:
    """The words of a text."""
    return text.split()


PURPOSES = {
    "TREAT": "treatment", "ETREAT": "emergency treatment", "BTG": "break the glass", "HRESCH": "research",
    "HOPERAT": "operations", "HSYSADMIN": "administration", "HCOMPL": "compliance", "HLEGAL": "legal proceedings",
    "PATRQT": "the patient asked", "HTEST": "test",
}  # fmt: skip


@register.simple_tag(takes_context=True)
def elsewhere(context) -> list:
    """The emergency accesses to other records than that of the patient of this page, where it has one."""
    here = getattr(context.get("patient"), "public_id", "")
    return [access for access in context.get("emergencies", ()) if access.object_id != here]


@register.filter
def purpose_words(code: str) -> str:
    """A v3 ActReason code in words."""
    return PURPOSES.get(code, code)
