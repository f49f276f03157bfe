"""Electrocardiograms in DICOM: one lead in millivolts at the rate a model wants, and whom the file says it is of.

Run in the child process alone: nothing else of the portal imports pydicom. Faults are codes and sentences; none repeats
what stands in the file.
"""

import io
import re
from array import array
from dataclasses import dataclass

from pydicom import dcmread
from pydicom.filereader import read_dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from portal.datasets.runtime import traces
from portal.datasets.runtime.traces import LEADS

_PREAMBLE, _MARK = 128, b"DICM"
_PLAIN = {ImplicitVRLittleEndian: "little", ExplicitVRLittleEndian: "little", ExplicitVRBigEndian: "big"}
_KINDS = {
    "1.2.840.10008.5.1.4.1.1.9.1.1": "12-lead ECG", "1.2.840.10008.5.1.4.1.1.9.1.2": "General ECG",
}  # fmt: skip
# The last part of a lead's code in SCP-ECG and in ISO/IEEE 11073-10102 (MDC).
_CODES = {"1": "I", "2": "II", "61": "III", "62": "aVR", "63": "aVL", "64": "aVF", "3": "V1", "4": "V2", "5": "V3",
          "6": "V4", "7": "V5", "8": "V6"}  # fmt: skip
_SCHEMES = ("SCPECG", "MDC")
_MILLIVOLTS = {"uV": 0.001, "mV": 1.0, "V": 1000.0}
_SAMPLES = {("SS", 16): "h", ("US", 16): "H", ("SL", 32): "i", ("UL", 32): "I"}
_LONGEST_TEXT, _MOST_LEADS = 200, 64
_MOMENT = re.compile(r"(\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})?")


class NoTracing(Exception):
    """The file gives no tracing that may be used: a code, and a sentence that says what to do."""

    def __init__(self, code: str, sentence: str):
        super().__init__(code)
        self.code, self.sentence = code, sentence


@dataclass(frozen=True)
class Wanted:
    """Which lead a model reads, at how many samples a second, of at least and at most how many seconds."""

    lead: str
    rate: int
    shortest: float
    longest: float


def read(source, wanted: Wanted) -> dict:
    """What the file says of its patient and moment, and the lead's samples in mV; raises NoTracing."""
    whole = source.read()
    order = _check_beginning(whole)
    dataset = _parsed(whole)
    group, channel = _find(dataset, wanted)
    given = _number(group, "SamplingFrequency")
    if not 100 <= given <= 10_000:
        raise NoTracing("rate", "The file gives no usable sampling rate. Allowed: 100 to 10,000 samples a second.")
    values = _millivolts(group, channel, order)
    seconds = len(values) / given
    _check_length(seconds, wanted)
    traces.check(values, given, wanted.lead, NoTracing)
    samples = traces.resample(values, given, wanted.rate)
    return {
        "name": _text(dataset, "PatientName"), "number": _text(dataset, "PatientID"),
        "born": _text(dataset, "PatientBirthDate"), "at": _moment(dataset), "kind": _KINDS[_text(dataset, "SOPClassUID")],
        "leads": [name for name in LEADS if name in _names(group)], "lead": wanted.lead, "rate": wanted.rate,
        "given_rate": given, "seconds": round(seconds, 2), "samples": [round(value, 4) for value in samples],
    }  # fmt: skip


def _check_beginning(whole: bytes) -> str:
    """The byte order of the samples; whatever would have to be unpacked is turned away before it is."""
    if whole[_PREAMBLE : _PREAMBLE + 4] != _MARK:
        raise NoTracing("not-dicom", "this is no DICOM file. Export the ECG as DICOM and choose that file.")
    # As far as the reader itself goes: a second syntax further on would count.
    start = io.BytesIO(whole[_PREAMBLE + 4 :])
    try:
        meta = read_dataset(start, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
        syntax = str(meta.get("TransferSyntaxUID", ""))
    except Exception:
        syntax = ""
    if not syntax:
        raise NoTracing("no-syntax", "the file does not say how it is written. Export the ECG again.")
    if syntax not in _PLAIN:
        raise NoTracing(
            "compressed", "the file is compressed. Export the ECG uncompressed (Explicit VR Little Endian)."
        )
    return _PLAIN[syntax]


def _parsed(whole: bytes):
    try:
        dataset = dcmread(io.BytesIO(whole))
        dataset.get("WaveformSequence")
        return dataset
    except MemoryError:
        raise
    except Exception:
        raise _broken() from None


def _broken() -> NoTracing:
    return NoTracing("broken", "the file is damaged or ends too early. Export or send the ECG again.")


def _find(dataset, wanted: Wanted):
    """The longest group of channels that has the lead, and the lead's place in it."""
    kind = _text(dataset, "SOPClassUID")
    groups = list(_sequence(dataset, "WaveformSequence"))
    if kind not in _KINDS or not groups:
        raise NoTracing("no-waveform", "the file holds no ECG tracing. Allowed: a 12-lead ECG as DICOM.")
    found = [(group, _names(group)) for group in groups]
    having = [(group, names.index(wanted.lead)) for group, names in found if wanted.lead in names]
    if not having:
        there = [name for name in LEADS if any(name in names for _, names in found)]
        words = f"It has {', '.join(there)}." if there else "Its leads carry no names that are known here."
        raise NoTracing("no-lead", f"lead {wanted.lead} is not in the file. {words}")
    return max(having, key=lambda one: _number(one[0], "NumberOfWaveformSamples"))


def _names(group) -> list[str]:
    channels = list(_sequence(group, "ChannelDefinitionSequence"))
    if len(channels) > _MOST_LEADS:
        raise _broken()
    return [_name(channel) for channel in channels]


def _name(channel) -> str:
    for source in _sequence(channel, "ChannelSourceSequence"):
        scheme, code = _text(source, "CodingSchemeDesignator"), _text(source, "CodeValue")
        known = _CODES.get(re.split(r"[-:]", code)[-1]) if scheme in _SCHEMES else None
        if known:
            return known
        spelled = _spelled(_text(source, "CodeMeaning"))
        if spelled:
            return spelled
    return _spelled(_text(channel, "ChannelLabel"))


def _spelled(text: str) -> str:
    bare = re.sub(r"\(.*?\)|lead|mdc_ecg_|[\s_]", "", text.casefold())
    return next((name for name in LEADS if name.casefold() == bare), "")


def _millivolts(group, place: int, order: str) -> list[float]:
    code = _SAMPLES.get((_text(group, "WaveformSampleInterpretation"), int(_number(group, "WaveformBitsAllocated"))))
    count, channels = int(_number(group, "NumberOfWaveformSamples")), int(_number(group, "NumberOfWaveformChannels"))
    stored = group.get("WaveformData")
    if code is None or not isinstance(stored, bytes) or channels != len(_names(group)) or count < 1:
        raise NoTracing("encoding", "the samples are written in a way that is not read here. Export the ECG again.")
    numbers = array(code)
    needed = count * channels * numbers.itemsize
    if len(stored) < needed:
        raise _broken()
    numbers.frombytes(stored[:needed])
    if order == "big":
        numbers.byteswap()
    scale, offset = _scale(_sequence(group, "ChannelDefinitionSequence")[place])
    return [number * scale + offset for number in numbers[place::channels]]


def _scale(channel) -> tuple[float, float]:
    units = [_text(unit, "CodeValue") for unit in _sequence(channel, "ChannelSensitivityUnitsSequence")]
    unit = _MILLIVOLTS.get(units[0]) if units else None
    step = _number(channel, "ChannelSensitivity") * (_number(channel, "ChannelSensitivityCorrectionFactor") or 1)
    if unit is None or not step:
        raise NoTracing("no-scale", "the file does not say how many millivolts its samples are. Export the ECG again.")
    return step * unit, _number(channel, "ChannelBaseline") * unit


def _check_length(seconds: float, wanted: Wanted) -> None:
    if seconds < wanted.shortest:
        raise NoTracing(
            "too-short", f"the tracing lasts {seconds:.1f} seconds. The model needs at least {wanted.shortest:g}."
        )
    if seconds > wanted.longest:
        raise NoTracing(
            "too-long", f"the tracing lasts {seconds:.0f} seconds. The model takes at most {wanted.longest:g}."
        )


def _sequence(dataset, keyword: str):
    found = _value(dataset, keyword)
    return found if hasattr(found, "__iter__") and not isinstance(found, str | bytes) else []


def _number(dataset, keyword: str) -> float:
    try:
        number = float(_value(dataset, keyword) or 0)
    except (TypeError, ValueError):
        return 0.0
    return number if abs(number) < 1e9 else 0.0


def _text(dataset, keyword: str) -> str:
    found = str(_value(dataset, keyword) or "")
    return "".join(sign if sign.isprintable() else " " for sign in found).strip()[:_LONGEST_TEXT]


def _value(dataset, keyword: str):
    try:
        return dataset.get(keyword)
    except MemoryError:
        raise
    except Exception:
        # Values are read when they are asked for; one that cannot be is as good as absent.
        return None


def _moment(dataset) -> str:
    """When it was recorded, by the cart's clock, as ISO text; empty where the file does not say."""
    spoken = [_text(dataset, "AcquisitionDateTime")]
    spoken += [
        _text(dataset, f"{what}Date") + _text(dataset, f"{what}Time") for what in ("Acquisition", "Content", "Study")
    ]
    for text in spoken:
        found = _MOMENT.match(text)
        if found:
            year, month, day, hour, minute, second = found.groups(default="00")
            return f"{year}-{month}-{day}T{hour}:{minute}:{second}"
    return ""
