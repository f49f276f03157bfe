"""The words of docs/glossary.md that people meet on pages, each with its plain sentence; the file is the only source."""

from dataclasses import dataclass
from functools import lru_cache

from django.conf import settings
from django.utils.text import slugify

FILE, SECTION = settings.ROOT / "docs" / "glossary.md", "## Words on the screen"
# The heading under which the words of a role stand; those of everyone belong to none.
ROLES = {
    "For everyone": "", "For clinicians": "clinician", "For scientists": "scientist", "For reviewers": "reviewer",
    "For administrators": "admin", "For audit officers": "auditor",
}  # fmt: skip


@dataclass(frozen=True)
class Word:
    """A word and what it means."""

    word: str
    meaning: str

    @property
    def slug(self) -> str:
        """Its place on the page of all words."""
        return slugify(self.word)


@dataclass(frozen=True)
class Group:
    """The words that mostly one role meets."""

    title: str
    role: str
    words: tuple[Word, ...]


@lru_cache(maxsize=1)
def groups() -> tuple[Group, ...]:
    """Every group in the order of the file."""
    return read(FILE.read_text())


@lru_cache(maxsize=1)
def words() -> dict[str, Word]:
    """Every word by itself."""
    return {word.word: word for group in groups() for word in group.words}


def read(text: str) -> tuple[Group, ...]:
    """The groups of a glossary: `### heading`, then rows `| word | meaning |`; other sections are passed over."""
    lines = text.partition(SECTION)[2].partition("\n## ")[0].splitlines()
    found: list[tuple[str, list[Word]]] = []
    for line in lines:
        if line.startswith("### "):
            found.append((line.removeprefix("### ").strip(), []))
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and found and len(cells) == 2 and cells[0] != "word" and set(cells[0]) != {"-"}:
            found[-1][1].append(Word(*cells))
    return tuple(Group(title, ROLES[title], tuple(listed)) for title, listed in found)
