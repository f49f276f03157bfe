"""The admin's addresses filter by what its pages offer, and by nothing else: a filter that answers is an oracle."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def admin(cast):
    client = Client()
    client.force_login(cast["admin"], backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.mark.parametrize(
    "query",
    [
        "accounts/user/?password__startswith=pbkdf2", "accounts/user/?password__regex=.", "accounts/user/?last_login__gt=2020-01-01",
        "accounts/apitoken/?digest__startswith=0", "accounts/apitoken/?user__password__startswith=p",
        "compute/job/?subject__startswith=a", "compute/job/?owner__password__startswith=p",
    ],
)  # fmt: skip
def test_a_column_that_is_no_filter_of_the_page_answers_nothing(admin, query):
    assert admin.get(f"/admin/{query}").status_code != 200


@pytest.mark.parametrize("query", ["accounts/user/?is_active__exact=1", "accounts/user/?q=clin", "compute/job/"])
def test_the_page_s_own_filters_work(admin, query):
    assert admin.get(f"/admin/{query}").status_code == 200
