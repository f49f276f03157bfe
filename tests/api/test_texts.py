"""What a program sends can be kept and shown again."""

import pytest
from django.test import Client

from portal.access import actions as access
from portal.access.actors import SYSTEM

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("text", [r"half \ud800 of a sign", r"\udc00"])
def test_half_a_character_is_refused_with_a_sentence(text, cast):
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    body = f'{{"model": "heart", "inputs": {{"age": "{text}"}}}}'
    answer = client.post("/api/v1/predictions/", body, content_type="application/json")

    assert (answer.status_code, answer.json()["detail"]) == (400, "The body is not valid JSON.")


def test_a_whole_pair_is_a_character(cast):
    token = access.issue_token(by=SYSTEM, on=cast["clinician"], scopes=["*"], days=1)
    client = Client(HTTP_AUTHORIZATION=f"Bearer {token}")
    body = r'{"model": "\ud83d\ude00", "inputs": {}}'
    answer = client.post("/api/v1/predictions/", body, content_type="application/json")

    assert (answer.status_code, "😀" in answer.json()["detail"] + str(answer.json().get("errors"))) == (422, True)
