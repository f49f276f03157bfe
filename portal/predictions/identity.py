"""Whether a file is of the chosen patient: name, birth date and record number of its header against the record."""

import re
import unicodedata
from dataclasses import dataclass

NAME, BORN, NUMBER = "name", "birth date", "record number"
# Two identifiers have to agree before a file counts as the patient's.
ENOUGH = 2
# What carts and exports write where nobody is named.
_NOBODY = frozenset({"", "anonymous", "anonymised", "anonymized", "anon", "unknown", "noname", "none", "na"})
# Letters that no accent makes, as they are written without them.
_LETTERS = {"æ": "ae", "ø": "o", "œ": "oe", "đ": "d", "ð": "d", "ł": "l", "þ": "th", "ı": "i"}
_SPELLED = {"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"}


@dataclass(frozen=True)
class Comparison:
    """Which identifiers agree, which differ; those that either side leaves out are in neither."""

    agree: tuple[str, ...]
    differ: tuple[str, ...]

    @property
    def enough(self) -> bool:
        """Whether the file is shown to be the patient's."""
        return not self.differ and len(self.agree) >= ENOUGH


def compare(header: dict, person: dict) -> Comparison:
    """A file's header against a patient.

    The header has `name` in DICOM's form, `born` and `number`; the person `given`, `family`, `birth_date`, `mrn`, and in
    `former` the record numbers of records that were merged into this one.
    """
    found = {
        NAME: _same_name(header.get("name") or "", person),
        BORN: _same_day(header.get("born") or "", person.get("birth_date") or ""),
        NUMBER: _same_number(header.get("number") or "", [person.get("mrn"), *person.get("former", ())]),
    }
    return Comparison(
        tuple(name for name, same in found.items() if same),
        tuple(name for name, same in found.items() if same is False),
    )


def _same_name(text: str, person: dict) -> bool | None:
    if _bare(text) in _NOBODY or not (person.get("family") or person.get("given")):
        return None
    mine = _spellings(f"{person.get('family') or ''}^{person.get('given') or ''}")
    return any(_fits(theirs, name) for theirs in _spellings(text) for name in mine)


def _spellings(name: str) -> list[tuple[list[str], list[str]]]:
    """Family and given names as lists of plain words: with accents dropped, and with umlauts spelled out."""
    folded = unicodedata.normalize("NFC", name.partition("=")[0]).casefold()
    spelled = "".join(_SPELLED.get(sign, sign) for sign in folded)
    return [_words(text) for text in dict.fromkeys((folded, spelled))]


def _words(text: str) -> tuple[list[str], list[str]]:
    family, _, rest = text.partition("^")
    given = " ".join(rest.split("^")[:2])
    return _plain(family), _plain(given)


def _plain(text: str) -> list[str]:
    apart = unicodedata.normalize("NFKD", "".join(_LETTERS.get(sign, sign) for sign in text))
    bare = "".join(sign for sign in apart if not unicodedata.combining(sign))
    return re.findall(r"\w+", re.sub(r"['’`]", "", bare))


def _fits(theirs: tuple[list[str], list[str]], mine: tuple[list[str], list[str]]) -> bool:
    if not theirs[1]:
        # The parts are not told apart: the words must be those of the record, in whatever order.
        return sorted(theirs[0]) == sorted(mine[0] + mine[1][:1]) or sorted(theirs[0]) == sorted(mine[0] + mine[1])
    # A file or a record may leave out further given names, never the first one.
    short, long = sorted((theirs[1], mine[1]), key=len)
    return theirs[0] == mine[0] and bool(short) and long[: len(short)] == short


def _same_day(text: str, day: str) -> bool | None:
    if _bare(text) in _NOBODY or not day:
        return None
    digits, known = re.sub(r"\D", "", text), re.sub(r"\D", "", day)
    # A record may know the year or the month alone; a file's day has eight digits.
    return len(digits) == 8 and digits.startswith(known)


def _same_number(text: str, numbers: list[str | None]) -> bool | None:
    known = {_bare(number) for number in numbers if number}
    if _bare(text) in _NOBODY or not known:
        return None
    return _bare(text) in known


def _bare(text: str) -> str:
    return re.sub(r"[\W_]", "", text).casefold()
