"""Tags that make pages learnable: a word explained in place, and a part that is folded at first."""

import re

from django import template
from django.utils.html import format_html

from portal.core import glossary
from portal.core.ids import new_id

register = template.Library()
_MARKED = re.compile(r'class="(?:badge|notice) (?:attention|danger)"')


@register.inclusion_tag("_components/term.html")
def term(word: str, shown: str = "") -> dict:
    """A word of the glossary as a button that opens its meaning; `shown` is how it reads in the sentence."""
    found = glossary.words()[word]
    return {"word": found, "shown": shown or word, "id": f"word-{new_id()[:8]}"}


@register.tag
def detail(parser, token):
    """`{% detail "Heading" %}…{% enddetail %}`: folded for whoever chose plain pages, open for the others and in print."""
    _, *given = token.split_contents()
    heading = parser.compile_filter(given[0])
    inner = parser.parse(("enddetail",))
    parser.delete_first_token()
    return _Detail(heading, inner)


class _Detail(template.Node):
    def __init__(self, heading, inner):
        self.heading, self.nodelist = heading, inner

    def render(self, context) -> str:
        inner = self.nodelist.render(context)
        # What asks for attention is never folded, whatever the page puts into the part.
        unfolded = " open" if context.get("depth") == "detail" or _MARKED.search(inner) else ""
        return format_html(
            '<details class="more" data-depth="detail"{}><summary><h2>{}</h2></summary><div class="stack">{}</div></details>',
            unfolded, self.heading.resolve(context), inner,
        )  # fmt: skip


@register.filter
def said(value):
    """A value of a table as people say it: yes and no rather than a program's words."""
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value


@register.filter
def said_all(values) -> list:
    """The same for several."""
    return [said(value) for value in values]
