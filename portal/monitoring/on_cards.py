"""What a model card says today of a version on this hospital's own patients: attributes 27 and 29.

Nothing is told here that the page “Reliability here” withholds.
"""

from portal.core import days
from portal.monitoring import reliability
from portal.monitoring.calibration import Share
from portal.registry.cards.local import Local
from portal.registry.models import ModelVersion


def known(version: ModelVersion) -> Local:
    """Sentences for the card, or none while too few results are old enough."""
    page = reliability.page_of(version)
    if not page.whole.told:
        return Local()
    return Local(tuple(_validity(page)), tuple(_fairness(page)))


def _validity(page: reliability.Page):
    first, last = (days.said(day) for day in page.days)
    yield (
        f"Of {page.whole.n} results here, {_share(page.whole)} had the outcome; {_percent(page.whole.predicted)} were "
        f"predicted to ({first if first == last else f'{first} to {last}'})."
    )
    if page.ppv and page.ppv.told:
        yield f"Of those at {_percent(page.threshold)} or more, {_share(page.ppv)} had it."
    if page.sensitivity and page.sensitivity.told:
        yield f"Of those who had it, {_share(page.sensitivity)} were at {_percent(page.threshold)} or more."
    if page.warning:
        yield page.warning


def _fairness(page: reliability.Page):
    for title, groups in page.groups:
        told = [group.share for group in groups if group.share.told]
        if told:
            said = "; ".join(
                f"{share.label}: {_percent(share.predicted)} predicted, {_share(share)} had it" for share in told
            )
            yield f"{title}. {said}."


def _share(share: Share) -> str:
    return f"{_percent(share.value)} ({_percent(share.low)} to {_percent(share.high)})"


def _percent(share: float) -> str:
    return f"{share * 100:.0f} %"
