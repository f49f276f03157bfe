"""What arrives as an ECG: read in a process of its own, or refused with a sentence; never obeyed, never believed."""

import io
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as some
from pydicom.data import get_testdata_file
from pydicom.uid import DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit

from portal.datasets import signals, uploads
from portal.datasets.runtime import ecg as reader
from portal.datasets.runtime import traces
from tests.conftest import ROOT
from tests.signals.files import ecg

WANTED = {"lead": "II", "rate": 500, "shortest": 8, "longest": 60}


def code_of(content: bytes, **changes) -> str:
    """How the reader itself refuses some bytes; “read” when it does not."""
    try:
        reader.read(io.BytesIO(content), reader.Wanted(**WANTED | changes))
    except reader.NoTracing as refusal:
        assert refusal.sentence.endswith(".")
        return refusal.code
    return "read"


def own(name: str) -> bytes:
    return Path(get_testdata_file(name, download=False)).read_bytes()


def changed(**values):
    """Change the first group of waveforms."""

    def change(dataset):
        for name, value in values.items():
            setattr(dataset.WaveformSequence[0], name, value)

    return change


def data(change) -> bytes:
    """A file whose lead II was changed, sample by sample."""
    import numpy

    def spoil(dataset):
        group = dataset.WaveformSequence[0]
        values = numpy.frombuffer(group.WaveformData, "<i2").reshape(-1, 12).copy()
        values[:, 1] = change(values[:, 1])
        group.WaveformData = values.tobytes()

    return ecg(change=spoil)


def nested(depth: int) -> bytes:
    """An ECG behind sequences within sequences."""
    plain, one = ecg(), b"\x40\x00\x30\xa7SQ\0\0\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff"
    place = plain.index(b"\x08\x00\x05\x00CS")
    return plain[:place] + one * depth + plain[place:]


def test_a_real_ecg_is_read_at_the_rate_that_is_wanted():
    found = reader.read(io.BytesIO(own("waveform_ecg.dcm")), reader.Wanted(**WANTED))

    assert (found["lead"], found["rate"], len(found["samples"]), found["seconds"]) == ("II", 500, 5000, 10.0)
    assert (found["name"], found["born"], found["at"]) == ("Anonymous", "19710123", "2013-01-25T10:59:19")
    assert found["leads"] == list(traces.LEADS)
    assert 1.0 < max(found["samples"]) < 1.3 and -0.4 < min(found["samples"]) < 0


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "not-dicom"),
        (b"%PDF-1.4 " * 100, "not-dicom"),
        (own("no_meta.dcm"), "not-dicom"),
        (own("meta_missing_tsyntax.dcm"), "no-syntax"),
        (own("image_dfl.dcm"), "compressed"),
        (own("JPEG-lossy.dcm"), "compressed"),
        (own("MR_truncated.dcm"), "no-waveform"),
        (own("badVR.dcm"), "no-waveform"),
        (own("CT_small.dcm"), "no-waveform"),
        (own("rtplan_truncated.dcm"), "no-waveform"),
        (own("waveform_ecg.dcm")[:30_000], "broken"),
        (own("waveform_ecg.dcm")[:700], "no-waveform"),
        (nested(20_000), "broken"),
        (ecg(seconds=5), "too-short"),
        (ecg(change=lambda dataset: delattr(dataset, "WaveformSequence")), "no-waveform"),
        (ecg(change=changed(SamplingFrequency=0)), "rate"),
        (ecg(change=changed(SamplingFrequency=90_000)), "rate"),
        (ecg(change=changed(NumberOfWaveformSamples=4_000_000_000)), "encoding"),
        (ecg(change=changed(NumberOfWaveformSamples=900_000_000)), "broken"),
        (ecg(change=changed(NumberOfWaveformChannels=3)), "encoding"),
        (ecg(change=changed(WaveformSampleInterpretation="MB")), "encoding"),
        (ecg(change=changed(WaveformBitsAllocated=8)), "encoding"),
        (data(lambda values: values * 0), "flat"),
        (data(lambda values: [*values[:2500], *([7] * 2500)]), "lead-off"),
        (data(lambda values: values.clip(-60, 210)), "read"),
        (data(lambda values: (values * 20).clip(-2000, 2000)), "clipped"),
    ],
)  # fmt: skip
def test_what_is_no_usable_ecg_is_refused_by_a_code(content, code):
    assert code_of(content) == code


def test_a_lead_that_is_not_there_is_named_with_those_that_are():
    def without(dataset):
        group = dataset.WaveformSequence[0]
        group.ChannelDefinitionSequence[1].ChannelSourceSequence[0].CodeValue = "2:99"
        group.ChannelDefinitionSequence[1].ChannelSourceSequence[0].CodeMeaning = "<script>alert(1)</script>"

    with pytest.raises(reader.NoTracing) as refusal:
        reader.read(io.BytesIO(ecg(change=without)), reader.Wanted(**WANTED))

    there = "I, III, aVR, aVL, aVF, V1, V2, V3, V4, V5, V6"
    assert refusal.value.sentence == f"lead II is not in the file. It has {there}."


@pytest.mark.parametrize("syntax", [DeflatedExplicitVRLittleEndian, JPEGBaseline8Bit])
def test_a_file_that_would_have_to_be_unpacked_is_turned_away_before(syntax):
    plain = ecg()
    bomb = zlib.compress(b"\0" * 50_000_000)
    place = plain.index(b"1.2.840.10008.1.2.1\0")
    padded = str(syntax).encode() + b"\0" * (len(str(syntax)) % 2)
    head = plain[: place - 2] + struct.pack("<H", len(padded)) + padded
    assert code_of(head + bomb) == "compressed"


def test_a_second_syntax_behind_a_long_header_unpacks_nothing():
    def element(number: int, kind: bytes, value: bytes) -> bytes:
        value += b"\0" * (len(value) % 2)
        size = struct.pack("<H", len(value)) if kind == b"UI" else b"\0\0" + struct.pack("<I", len(value))
        return struct.pack("<HH", 2, number) + kind + size + value

    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(b"\0" * 50_000_000) + packer.flush()
    second = element(0x10, b"UI", str(DeflatedExplicitVRLittleEndian).encode())
    head = element(0x10, b"UI", b"1.2.840.10008.1.2.1") + element(0x102, b"OB", b"\0" * 20_000) + second
    assert code_of(b"\0" * 128 + b"DICM" + head + bomb) == "compressed"


def test_lengths_of_two_gigabytes_are_only_claims(tmp_path, settings):
    settings.DATASETS = tmp_path
    plain = ecg(name="ZEBRA^ZORA")
    place = plain.index(b"\x00\x54\x10\x10OW")
    claimed = plain[: place + 8] + struct.pack("<I", 0x7FFFFFFE) + plain[place + 12 :]

    assert (code_of(claimed), code_of(claimed[:-2000])) == ("read", "broken")
    upload = uploads.receive(claimed[:-2000])
    found = signals.read(upload, WANTED, confirmed=False)
    assert isinstance(found, signals.Unreadable) and "ZEBRA" not in found.sentence
    upload.close()
    assert list(tmp_path.rglob("*.raw")) == []


def test_the_child_reads_what_lies_encrypted(tmp_path, settings):
    settings.DATASETS = tmp_path
    content = ecg(name="ZEBRA^ZORA", number="7", born="1950-01-02")
    upload = uploads.receive(content)

    assert b"ZEBRA" not in next(tmp_path.rglob("*.raw")).read_bytes()
    found = signals.read(upload, WANTED, confirmed=False)
    assert found.header == {
        "name": "ZEBRA^ZORA", "number": "7", "born": "19500102", "at": "2026-11-08T14:02:00", "kind": "12-lead ECG",
    }  # fmt: skip
    assert len(found.samples) == 5000 and "ZEBRA" not in repr(found)


@pytest.mark.parametrize("size", [1, 4])
def test_what_keeps_the_child_busy_ends_in_a_sentence(size, tmp_path, settings, monkeypatch):
    settings.DATASETS = tmp_path
    monkeypatch.setattr(signals, "_SECONDS", 0.05)
    found = signals.read(uploads.receive(ecg(seed=size)), WANTED, confirmed=False)

    assert found == signals.Unreadable("broken", signals._BROKEN)


@limits(max_examples=60)
@given(some.data())
def test_bytes_changed_anywhere_are_read_or_refused_and_nothing_else(drawn):
    content = bytearray(BASE)
    for _ in range(drawn.draw(some.integers(1, 6))):
        place = drawn.draw(some.integers(0, min(3000, len(content) - 1)))
        content[place] = drawn.draw(some.integers(0, 255))
    cut = drawn.draw(some.integers(100, len(content)))
    assert code_of(bytes(content[:cut])) != ""


BASE = ecg(seed=3)


@limits(max_examples=40)
@given(
    some.integers(200, 1000), some.integers(200, 600), some.floats(0.5, 15), some.floats(0, 6),
)  # fmt: skip
def test_a_wave_is_the_same_wave_at_another_rate(given_rate, wanted, hertz, phase):
    import math

    values = [math.sin(2 * math.pi * hertz * place / given_rate + phase) for place in range(given_rate * 2)]
    found = traces.resample(values, given_rate, wanted)

    assert abs(len(found) - 2 * wanted) <= 1
    middle = range(wanted // 2, wanted)
    expected = [math.sin(2 * math.pi * hertz * place / wanted + phase) for place in middle]
    assert max(abs(found[place] - value) for place, value in zip(middle, expected, strict=True)) < 0.01


def test_what_a_rate_cannot_carry_is_not_folded_back():
    import math

    values = [math.sin(2 * math.pi * 340 * place / 1000) for place in range(4000)]
    assert max(map(abs, traces.resample(values, 1000, 500)[500:1500])) < 0.02


def test_private_tags_and_long_names_come_out_as_short_plain_text():
    def spoil(dataset):
        dataset.PatientName = "A" * 5000 + "\x1b[31m<b>"
        block = dataset.private_block(0x0011, "zebra cart", create=True)
        block.add_new(0x01, "LO", "<script>alert(1)</script>")

    found = reader.read(io.BytesIO(ecg(change=spoil)), reader.Wanted(**WANTED))
    assert len(found["name"]) <= 200 and found["name"].isprintable()
    assert "script" not in str({name: value for name, value in found.items() if name != "samples"})


def test_behind_the_fence_there_is_no_network_and_no_file():
    tried = """
import socket
from portal.datasets.runtime import __main__ as child
open("/etc/hostname").close()
child._fence()
def fails(work):
    try:
        work()
    except OSError:
        return True
    return False
way = lambda kind: socket.socket(socket.AF_INET, kind).connect(("127.0.0.1", 9))
print(fails(lambda: way(socket.SOCK_STREAM)), fails(lambda: way(socket.SOCK_DGRAM)), fails(lambda: open("/etc/hostname")))
"""
    done = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, cwd=ROOT, check=True)
    if not fenced():
        pytest.skip("this machine lets nobody leave its networks")
    assert done.stdout.split() == ["True", "True", "True"]


def fenced() -> bool:
    asked = "from portal.datasets.runtime import __main__ as child; print(child._leave_networks())"
    return (
        subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, cwd=ROOT, check=True).stdout
        == "True\n"
    )
