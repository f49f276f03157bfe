"""A zip that somebody sent: either its files lie inside the folder as they were packed, or nothing is taken, with a sentence."""

import io
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.datasets.runtime import zips

LIMITS = zips.Limits(files=5, bytes=12 << 20)


def packed(*members, **flags) -> io.BytesIO:
    """A zip of (name or ZipInfo, content) pairs; names stay exactly as they are."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as held:
        for name, content in members:
            held.writestr(name, content)
    out.seek(0)
    return out


def special(name: str, kind: int) -> zipfile.ZipInfo:
    one = zipfile.ZipInfo(name)
    one.external_attr = (kind | 0o777) << 16
    return one


def lying(size: int) -> io.BytesIO:
    """A member that says it has this size and has a megabyte."""
    raw = bytearray(packed(("a.bin", b"x" * (1 << 20))).getvalue())
    place = raw.rindex(b"PK\x01\x02")
    raw[place + 24 : place + 28] = struct.pack("<I", size)
    return io.BytesIO(bytes(raw))


def oddly(name: str, way: int) -> zipfile.ZipInfo:
    one = zipfile.ZipInfo(name)
    one.compress_type = way
    return one


def nameless() -> io.BytesIO:
    one = zipfile.ZipInfo("x")
    one.filename = ""
    return packed((one, b"x"))


def broken_inside() -> io.BytesIO:
    """A member whose packed bytes make no sense to the unpacker."""
    raw = bytearray(packed(("a", b"abc" * 40)).getvalue())
    raw[31] = 0xFF
    return io.BytesIO(bytes(raw))


def files_below(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_folder_comes_out_as_it_was_packed_without_what_a_system_put_beside_it(tmp_path):
    source = packed(("m/MLmodel", b"flavors"), ("m/data/x.bin", b"\x00" * 10), ("__MACOSX/m/._MLmodel", b"junk"))
    assert zips.unpack(source, tmp_path, LIMITS) == 2
    assert files_below(tmp_path) == {"m/MLmodel": b"flavors", "m/data/x.bin": b"\x00" * 10}


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (io.BytesIO(b"no zip at all"), "The file is not a zip that can be opened, or it is damaged. Make it again."),
        (packed(), "The zip holds no file."),
        (packed(("../out", b"x")), "“../out” does not lie inside the folder, or has a name that is not taken."),
        (packed(("a/../../out", b"x")), "“a/../../out” does not lie inside the folder, or has a name that is not taken."),
        (packed(("/etc/out", b"x")), "“/etc/out” does not lie inside the folder, or has a name that is not taken."),
        (packed(("C:/out", b"x")), "“C:/out” does not lie inside the folder, or has a name that is not taken."),
        (packed(("a\\..\\out", b"x")), "“a\\..\\out” does not lie inside the folder, or has a name that is not taken."),
        (packed((oddly("m", zipfile.ZIP_BZIP2), b"x" * 9)), "“m” is packed in a way that is not taken. Make the zip in the usual way (deflate)."),
        (packed((oddly("m", zipfile.ZIP_LZMA), b"x" * 9)), "“m” is packed in a way that is not taken. Make the zip in the usual way (deflate)."),
        (nameless(), "“” does not lie inside the folder, or has a name that is not taken."),
        (broken_inside(), "The file is not a zip that can be opened, or it is damaged. Make it again."),
        (packed(("a\nb", b"x")), "“a?b” does not lie inside the folder, or has a name that is not taken."),
        (packed(("d/" * 13 + "deep", b"x")), f"“{('d/' * 13 + 'deep')}” lies more than 12 folders deep."),
        (packed((special("link", stat.S_IFLNK), b"/etc/passwd")), "“link” is a link or a device; a model folder holds plain files only."),
        (packed((special("pipe", stat.S_IFIFO), b"")), "“pipe” is a link or a device; a model folder holds plain files only."),
        (packed(*((f"f{place}", b"") for place in range(6))), "The zip holds 6 files; at most 5 are taken."),
        (packed(("A", b"1"), ("a", b"2")), "The zip holds “a” twice."),
        (packed(("a", b"1"), ("a/b", b"2")), "“a/b” is a file and a folder at once."),
        (packed(("big", bytes(13 << 20))), "Unpacked, the folder is larger than 12 MB."),
        (packed(("bomb", bytes(11 << 20))), "“bomb” is packed more than 200 times smaller than it is; such a file is not taken."),
        (lying(10), "The file is not a zip that can be opened, or it is damaged. Make it again."),
    ],
)  # fmt: skip
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_what_is_not_taken_is_said_and_nothing_lies_outside(source, sentence, tmp_path):
    target = tmp_path / "in" / "here"
    target.mkdir(parents=True)
    with pytest.raises(zips.NotTaken) as refusal:
        zips.unpack(source, target, LIMITS)

    assert refusal.value.sentence == sentence
    assert [path for path in tmp_path.rglob("*") if path.is_file() and target not in path.parents] == []
    assert not any(path.is_symlink() for path in tmp_path.rglob("*"))


# A member without any name cannot be packed by every Python; `nameless` stands for it.
NAMES = (
    st.lists(st.sampled_from(["a", "B", "..", ".", "", "x y", "ü", "d\\e", "c:"]), min_size=1, max_size=4)
    .map("/".join)
    .filter(bool)
)


@pytest.mark.slow
@given(members=st.dictionaries(NAMES, st.binary(max_size=40), min_size=1, max_size=4))
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_whatever_names_a_zip_holds_its_files_lie_inside_or_it_is_not_taken(members, tmp_path_factory):
    outer = tmp_path_factory.mktemp("zip")
    target = outer / "in"
    target.mkdir()
    try:
        zips.unpack(packed(*members.items()), target, LIMITS)
    except zips.NotTaken:
        pass
    else:
        assert files_below(target) == {name: content for name, content in members.items() if not name.endswith("/")}
    assert [path.name for path in outer.iterdir()] == ["in"]


@pytest.mark.slow
@given(damage=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), min_size=1, max_size=6))
def test_a_damaged_zip_is_never_taken_for_another_than_it_was(damage, tmp_path_factory):
    target = tmp_path_factory.mktemp("zip")
    whole = {"m/MLmodel": b"flavors: {}\n" * 20, "m/x.bin": bytes(range(200))}
    raw = bytearray(packed(*whole.items()).getvalue())
    for place, value in damage:
        raw[place % len(raw)] = value
    try:
        zips.unpack(io.BytesIO(bytes(raw)), target, LIMITS)
    except zips.NotTaken:
        return
    assert set(files_below(target).values()) <= set(whole.values())
