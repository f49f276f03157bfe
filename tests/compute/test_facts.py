"""What a folder says of itself, read without loading it: each thing that cannot be taken has its sentence."""

import io
import pickle
import zipfile

import pytest

from portal.compute.runtime import facts
from tests.compute.test_scorer import DESCRIPTION


@pytest.fixture
def folder(tmp_path):
    """A model folder of the smallest kind."""
    (tmp_path / "MLmodel").write_text(DESCRIPTION)
    (tmp_path / "model.py").write_text("x = 1\n")
    (tmp_path / "requirements.txt").write_text("numpy==2.4.6\n")
    return tmp_path


@pytest.mark.parametrize(
    "line",
    ["-e .", "--index-url https://wheels.example.org", "-i https://wheels.example.org", "-r more.txt", "-c limits.txt", "--find-links wheels",
     "git+https://git.example.org/model.git", "https://wheels.example.org/a.whl", "./a.whl", "numpy==2.4.6 --hash=sha256:00"],
)  # fmt: skip
def test_a_line_that_is_no_package_is_refused_with_the_line_itself(folder, line):
    (folder / "requirements.txt").write_text(f"numpy==2.4.6\n{line}\n")
    with pytest.raises(facts.ModelRefused) as refusal:
        facts.inspect_model(folder)

    assert refusal.value.code == "bad-requirements"
    assert refusal.value.sentence.startswith(
        f"The line “{line}” in requirements.txt is not a package with its version."
    )


def test_a_package_from_an_address_is_refused(folder):
    (folder / "requirements.txt").write_text("own-tool @ https://wheels.example.org/own.whl")
    with pytest.raises(facts.ModelRefused) as refusal:
        facts.inspect_model(folder)
    assert refusal.value.sentence == (
        "The line “own-tool @ https://wheels.example.org/own.whl” in requirements.txt takes own-tool from an address. "
        "Packages come from the hospital's own source alone; name it with its version."
    )


def test_comments_markers_and_extras_are_read_as_pip_reads_them(folder):
    text = '# of the trainer\nmlflow==3.17.2  # tracked\n\nnumpy>=2,<3 ; python_version >= "3.9"\nscipy[test] \\\n  ==1.17.1\n'
    (folder / "requirements.txt").write_text(text)
    assert facts.inspect_model(folder).requirements == [
         "mlflow==3.17.2", 'numpy<3,>=2; python_version >= "3.9"', "scipy[test]==1.17.1",
    ]  # fmt: skip


def test_a_folder_without_requirements_is_flagged(folder):
    assert "no requirements" not in facts.inspect_model(folder).flags
    (folder / "requirements.txt").unlink()
    assert "no requirements" in facts.inspect_model(folder).flags


def damaged(content: bytes) -> bytes:
    """A zip whose list of files can no longer be read to its end."""
    place = content.rindex(b"PK\x01\x02")
    return content[:place] + b"PK\x01\x03" + content[place + 4 :]


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as held:
        for name, content in files.items():
            held.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("model.pkl", b"anything"),
        ("weights.bin", pickle.dumps({"a": 1})),
        ("weights.dat", pickle.dumps([1], protocol=2)),
        ("model.pth", zipped(**{"archive/data.pkl": b"x"})),
        ("model.zip", zipped(hidden=pickle.dumps({"a": 1}))),
        ("model.dat", b"cposix\nsystem\n(S'true'\ntR."),
        ("model.zip", zipped(hidden=b"cposix\nsystem\n(S'true'\ntR.")),
        ("weights.dat", b"(i__main__\nThing\n."),
        ("damaged.zip", damaged(zipped(hidden=pickle.dumps({"a": 1})))),
    ],
)
def test_a_pickle_is_known_by_what_it_is(folder, name, content):
    assert "pickle" not in facts.inspect_model(folder).flags
    (folder / name).write_bytes(content)
    assert "pickle" in facts.inspect_model(folder).flags


@pytest.mark.parametrize(
    "content", [b"click\nnumpy\npandas==3.1.1\n", b"import os\nimport sys\n", b"id,age\n1,2\n", b".", b"class A:\n    pass\n", b"cat\ndog\nRabbit\n"[:8]],
)  # fmt: skip
def test_text_is_not_taken_for_a_pickle(folder, content):
    (folder / "notes.txt").write_bytes(content)
    assert "pickle" not in facts.inspect_model(folder).flags
