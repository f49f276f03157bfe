"""The words of the pages: one source, a plain sentence for each, and no page uses a word that has none."""

import re

import pytest
from django.template import Context, Template

from portal.access import roles
from portal.core import glossary

_USED = re.compile(r'{%\s*term\s+"([^"]+)"')
TEXT = """# Glossary

## Words on the screen

### For clinicians

| word | meaning |
|---|---|
| band | A range. |

### For everyone

| word | meaning |
|---|---|
| plain and detailed | How much. |

## Words in code

### For scientists

| Job | a piece of work |
"""


def used() -> dict[str, set[str]]:
    folder = glossary.FILE.parent.parent / "templates"
    found = {path.name: set(_USED.findall(path.read_text())) for path in folder.rglob("*.html")}
    return {name: words for name, words in found.items() if words}


def test_only_the_section_of_the_screen_is_read():
    assert [(group.title, group.role, [(w.word, w.meaning) for w in group.words]) for group in glossary.read(TEXT)] == [
        ("For clinicians", "clinician", [("band", "A range.")]),
        ("For everyone", "", [("plain and detailed", "How much.")]),
    ]


def test_an_unknown_heading_is_an_error_rather_than_a_lost_group():
    with pytest.raises(KeyError):
        glossary.read(TEXT.replace("For clinicians", "For dentists"))


def test_every_word_that_a_page_explains_is_in_the_glossary():
    assert {
        name: words - set(glossary.words()) for name, words in used().items() if words - set(glossary.words())
    } == {}
    assert len(used()) > 5


def test_every_role_has_words_and_each_is_a_plain_short_sentence():
    found = [word for group in glossary.groups() for word in group.words]

    assert {group.role for group in glossary.groups()} == {"", *roles.ROLES}
    assert [word.word for word in found if not 10 < len(word.meaning) < 200 or not word.meaning.endswith(".")] == []
    assert len({word.slug for word in found}) == len(found)


def test_a_word_is_a_button_with_its_meaning_and_the_way_to_all_words():
    text = Template('{% load learning %}{% term "band" "Bands" %} {% term "band" %}').render(Context())

    ids = re.findall(r'popovertarget="([^"]+)"', text)
    assert len(set(ids)) == 2
    assert re.findall(r'id="([^"]+)" popover', text) == ids
    assert (">Bands<" in text, glossary.words()["band"].meaning in text, 'href="/help/#band"' in text) == (
        True,
        True,
        True,
    )


def test_a_word_without_a_meaning_is_a_fault_that_a_test_would_find():
    with pytest.raises(KeyError):
        Template('{% load learning %}{% term "flux" %}').render(Context())


@pytest.mark.parametrize(("depth", "unfolded"), [("plain", False), ("detail", True), (None, False)])
def test_a_detail_is_there_in_either_depth_and_open_in_one(depth, unfolded):
    text = Template("{% load learning %}{% detail head %}<p>{{ x }}</p>{% enddetail %}").render(
        Context({"depth": depth, "x": "<b>", "head": "Files & more"})
    )

    assert (" open>" in text) is unfolded
    assert "<h2>Files &amp; more</h2>" in text
    assert "<p>&lt;b&gt;</p>" in text


@pytest.mark.parametrize(
    "mark", ['<span class="badge attention">old value</span>', '<div class="notice danger">x</div>']
)
def test_what_asks_for_attention_is_never_folded(mark):
    text = Template("{% load learning %}{% detail head %}" + mark + "{% enddetail %}").render(
        Context({"depth": "plain", "head": "Inputs"})
    )

    assert '<details class="more" data-depth="detail" open>' in text
