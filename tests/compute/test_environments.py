"""The software of a model: what is here when it fits, else an environment of its own."""

import subprocess
import sys

import pytest

from portal.compute.runtime import environments


def test_what_fits_runs_in_the_portals_own_environment(tmp_path):
    assert environments.python_for(("numpy>=1", "packaging"), tmp_path) == sys.executable


@pytest.mark.parametrize("line", ["numpy==1.0", "no-such-package", "not a requirement!"])
def test_what_does_not_fit_has_no_interpreter_until_it_is_built(line, tmp_path):
    assert environments.python_for((line,), tmp_path) is None


def test_the_order_of_requirements_does_not_matter():
    assert environments.key_of(("a==1", "b==2")) == environments.key_of(("b==2", "a==1"))


@pytest.mark.slow
def test_an_environment_is_built_once_and_used(tmp_path):
    wanted = ("six==1.15.0",)
    first = environments.build(wanted, tmp_path)
    python = environments.python_for(wanted, tmp_path)
    said = subprocess.run(
        [python, "-c", "import six; print(six.__version__)"], capture_output=True, text=True, check=True
    )

    assert (said.stdout.strip(), environments.build(wanted, tmp_path)) == ("1.15.0", first)


@pytest.mark.slow
def test_what_cannot_be_installed_leaves_nothing_behind(tmp_path):
    with pytest.raises(environments.EnvironmentFailed, match="installing failed"):
        environments.build(("six==99.99",), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == [".lock"]
