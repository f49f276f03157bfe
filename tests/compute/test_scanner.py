"""What reading a pickle would do is found without reading it: whatever is named, in whatever library, and nothing unseen."""

import io
import pickle
import subprocess

import joblib
import numpy
import pandas
import pytest

from portal.compute.runtime import digest, scanner


class Calls:
    """Pickles to a call of something."""

    def __init__(self, function, *given):
        self.called = (function, given)

    def __reduce__(self):
        return self.called


def report(folder, name: str, content: bytes) -> dict:
    (folder / name).write_bytes(content)
    return scanner.scan(folder)


def dumped(function, *given) -> bytes:
    return pickle.dumps(Calls(function, *given))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (dumped(pickle.loads, b"N."), "_pickle.loads"),
        (dumped(io.open, "/etc/passwd"), "io.open"),
        (dumped(subprocess.run, ["true"]), "subprocess.run"),
        (dumped(pandas.read_pickle, "x"), "pandas.read_pickle"),
        (dumped(numpy.load, "x"), "numpy.load"),
        (dumped(getattr, "x", "upper"), "builtins.getattr"),
        (b"cnumpy.testing._private.utils\nrunstring\n(S'1'\ntR.", "numpy.testing._private.utils.runstring"),
        (b"c_posixsubprocess\nfork_exec\n(tR.", "_posixsubprocess.fork_exec"),
        (b"ctypes\nFunctionType\n.", "types.FunctionType"),
    ],
)
def test_what_starts_programs_or_reads_other_files_is_named(tmp_path, content, name):
    assert scanner.dangers(report(tmp_path, "model.pkl", content)) == [("model.pkl", name)]


def test_a_pickle_behind_another_is_looked_through_too(tmp_path):
    content = pickle.dumps({"a": 1}) + dumped(subprocess.run, ["true"])
    assert scanner.dangers(report(tmp_path, "model.pkl", content)) == [("model.pkl", "subprocess.run")]


def recalled(*words: str) -> bytes:
    """A call whose module and name are pushed first, then taken from the memo behind other things."""
    pushed = b"".join(b"\x8c" + bytes([len(word)]) + word.encode() + b"\x94" for word in words)
    return b"\x80\x05" + pushed + b"]h\x00h\x01\x93)R."


def test_a_name_from_the_memo_is_a_name_too(tmp_path):
    content = recalled("posix", "system")
    (tmp_path / "model.pkl").write_bytes(content)
    assert scanner._instructions(content) == ({"posix.system"}, True)
    assert scanner.dangers(scanner.scan(tmp_path)) == [("model.pkl", "posix.system")]


def test_a_name_that_is_put_together_as_it_is_read_is_not_looked_through(tmp_path):
    content = b"\x80\x05\x8c\x05posix]\x93)R."
    assert scanner._instructions(content) == (set(), False)


@pytest.mark.parametrize("compress", [0, 3])
def test_what_cannot_be_looked_through_to_its_end_is_named(tmp_path, compress):
    joblib.dump([numpy.arange(9.0), Calls(subprocess.run, ["true"])], tmp_path / "m.joblib", compress=compress)
    assert scanner.unread(scanner.scan(tmp_path)) == ["m.joblib"]


def test_a_model_of_a_known_library_holds_nothing_dangerous(tmp_path):
    import cloudpickle
    from sklearn.linear_model import LogisticRegression

    made = LogisticRegression().fit([[0.0], [1.0]], [0, 1])
    for name, dump in (("plain.pkl", pickle.dumps), ("cloud.pkl", cloudpickle.dumps)):
        (tmp_path / name).write_bytes(dump(made))
    (tmp_path / "function.pkl").write_bytes(cloudpickle.dumps(lambda x: x + 1))
    found = scanner.scan(tmp_path)
    assert (scanner.dangers(found), scanner.unread(found), len(found["files"])) == ([], [], 3)


def test_a_line_break_in_a_name_makes_no_two_folders_one(tmp_path):
    (tmp_path / "x\ny").write_text("1")
    with pytest.raises(digest.UnsafeTree, match="cannot be printed"):
        digest.tree_digest(tmp_path)
