"""One patient's page: each kind of value once, results by age, more on demand."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from portal.core import clock, guard
from portal.predictions import actions
from portal.predictions.models import Prediction
from portal.records.actions import open_patient

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(cast, patient, settings):
    settings.DEMO = True
    client = Client()
    client.force_login(cast["clinician"])
    return lambda query="": client.get(reverse("clinic:patient", args=[patient]) + query).content.decode()


def test_each_kind_of_value_stands_once_with_its_newest_and_the_earlier_ones_behind_it(page, cast, patient):
    measured = open_patient(by=cast["clinician"], on=patient).measured
    pressures = [found for found in measured if found.code == "8480-6"]
    assert len(pressures) > 1

    table = page().split("Last measured")[1].split("</table>")[0]
    rows = [row for row in table.split("<tr>") if pressures[0].label in row]
    assert len(rows) == 1
    assert f'<td class="num">{pressures[0].value} ' in rows[0]
    assert f"<summary>{len(pressures) - 1} earlier</summary>" in rows[0]


def test_results_of_this_week_stand_apart_and_the_rest_comes_on_demand(page, cast, patient, unplanned):
    for _ in range(23):
        actions.request(by=cast["clinician"], on=patient, version=unplanned, inputs={})
    with guard.unlocked():
        old = Prediction.objects.order_by("id").values_list("pk", flat=True)[:21]
        Prediction.objects.filter(pk__in=list(old)).update(created_at=clock.now() - timedelta(days=8))

    def shown(query: str = "") -> list[tuple[str, int]]:
        part = page(query).split('id="results"')[1].split("</section>")[0]
        return [
            (words, rows.count("/clinic/predictions/"))
            for words, rows in re.findall(r"<caption>([^<]+)</caption>(.*?)</table>", part, re.S)
        ]

    assert shown() == [("This week", 2), ("Earlier", 18)]
    assert 'href="?results=40#results"' in page()
    assert shown("?results=40") == [("This week", 2), ("Earlier", 21)]
    assert "Show earlier results" not in page("?results=40")
    assert shown("?results=-1") == shown("?results=x") == shown()


def test_a_result_is_ready_and_a_practice_model_says_so_without_green(page, cast, patient, result):
    text = page()
    part = text.split('id="results"')[1].split("</section>")[0]

    assert ("succeeded" in text, "ready</span>" in part) == (False, True)
    assert re.findall(r'<span class="badge ([^"]*)">', text.split('class="cards"')[1].split("</ul>")[0]) == ["practice"]
    client = Client()
    client.force_login(cast["clinician"])
    badges = re.findall(
        r'<span class="badge ([^"]*)">.*?</svg> ([^<]+)<', client.get(reverse("lab:models")).content.decode(), re.S
    )
    assert badges == [("practice", "practice only")]
