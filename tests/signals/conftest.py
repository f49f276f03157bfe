"""Signed-in browsers for the tests of tracings."""

from tests.datasets.conftest import client_of as client_of
