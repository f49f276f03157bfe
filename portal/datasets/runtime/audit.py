"""Which counts may be told without telling one of fewer than eleven rows, alone or set off against what was told before.

Every count told about a version is the size of a set of its rows. Rows that lie in the same sets are one atom. What can
be worked out from all counts together is what lies in the span of their rows over the atoms; so a count is told only if,
with it, nothing in the reduced basis of that span rests on fewer than eleven rows (docs/explanation/computing-without-seeing.md).
"""

import numpy

LEAST = 11
_PRIME = 1_048_573
_MOST_PAIRS = 50_000_000


class Auditor:
    """Keeps what was told, and says of each further set whether it may be told as well."""

    def __init__(self, weights: list[int]):
        order = sorted(range(len(weights)), key=lambda place: -weights[place])
        self._order = numpy.array(order, dtype=numpy.int64)
        self._weights = numpy.array(weights, dtype=numpy.int64)[self._order]
        self._told = numpy.zeros((0, len(weights)), dtype=bool)
        self._basis = numpy.zeros((0, len(weights)), dtype=numpy.int64)
        self._pivots: list[int] = []
        self._lightest: set[bytes] | None = None

    def known(self, members: numpy.ndarray) -> None:
        """A set that is told."""
        self._keep(members[self._order])

    def allows(self, members: numpy.ndarray) -> bool:
        """Whether a set could be told as well without giving away a small one."""
        chosen = members[self._order]
        if self._size(chosen) < LEAST or self._near(chosen):
            return False
        before = self._basis, list(self._pivots), self._told
        already = self._given_away()
        self._keep(chosen)
        more = self._given_away() - already
        self._basis, self._pivots, self._told = before
        self._lightest = already
        return not more

    def _size(self, chosen) -> int:
        return int(self._weights[chosen].sum())

    def _near(self, chosen) -> bool:
        """Whether the set is one told before but for one to ten rows."""
        apart = (self._told ^ chosen) @ self._weights
        return bool(((apart > 0) & (apart < LEAST)).any())

    def _keep(self, chosen) -> None:
        self._lightest = None
        self._told = numpy.vstack([self._told, chosen])
        row = chosen.astype(numpy.int64)
        if self._pivots:
            row = (row - row[self._pivots] @ self._basis) % _PRIME
        places = numpy.flatnonzero(row)
        if not places.size:
            return
        pivot = int(places[0])
        row = row * pow(int(row[pivot]), -1, _PRIME) % _PRIME
        self._basis = (self._basis - numpy.outer(self._basis[:, pivot], row)) % _PRIME
        self._basis = numpy.vstack([self._basis, row])
        self._pivots.append(pivot)

    def _given_away(self) -> set[bytes]:
        """The groups of atoms with fewer than eleven rows that the basis leads to, each by its places."""
        if self._lightest is None:
            # Atoms come in the order of their size: what has a large pivot rests on enough rows.
            small = self._basis[self._weights[self._pivots] < LEAST]
            self._lightest = self._light(small) | self._light_pairs(small)
        return self._lightest

    def _light(self, rows) -> set[bytes]:
        held = rows != 0
        return {numpy.packbits(places).tobytes() for places in held[held @ self._weights < LEAST]}

    def _light_pairs(self, rows) -> set[bytes]:
        if rows.shape[0] * rows.size > _MOST_PAIRS:
            return set()
        found: set[bytes] = set()
        for place, row in enumerate(rows[:-1]):
            found |= self._light((rows[place + 1 :] + row) % _PRIME) | self._light((rows[place + 1 :] - row) % _PRIME)
        return found
