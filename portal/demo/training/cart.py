"""A simulated ECG cart: writes invented tracings as DICOM (12-lead ECG Waveform Storage), as a program of its own.

`python -m portal.demo.training.cart FOLDER < orders.json`; each order names `file`, `name`, `number`, `born`, `at` (ISO),
`irregular` and `seed`.
"""

import json
import sys
from datetime import datetime
from pathlib import Path

import numpy
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from portal.demo.training import heart

_KIND = "1.2.840.10008.5.1.4.1.1.9.1.1"
_STEP = 5  # microvolts of one unit of a sample
_CODES = {
    "I": 1,
    "II": 2,
    "III": 61,
    "aVR": 62,
    "aVL": 63,
    "aVF": 64,
    "V1": 3,
    "V2": 4,
    "V3": 5,
    "V4": 6,
    "V5": 7,
    "V6": 8,
}


def simulated(*, irregular: bool, seed: int, seconds: float = 10) -> dict[str, numpy.ndarray]:
    """Twelve leads in mV of an invented heart."""
    dice = numpy.random.default_rng(seed)
    moments = heart.beats(dice, irregular=irregular, seconds=seconds)
    return heart.twelve(heart.leads(dice, moments, irregular=irregular, seconds=seconds))


def dataset(
    leads: dict, *, name: str = "", number: str = "", born: str = "", at: str = "", rate: int = heart.RATE
) -> FileDataset:
    """A DICOM dataset with one group of leads in mV; what is left empty of the header stays empty."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = _KIND, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    found = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    found.SOPClassUID, found.SOPInstanceUID = _KIND, meta.MediaStorageSOPInstanceUID
    found.SpecificCharacterSet, found.Modality = "ISO_IR 192", "ECG"
    found.PatientName, found.PatientID, found.PatientBirthDate = name, number, born.replace("-", "")
    if at:
        found.AcquisitionDateTime = datetime.fromisoformat(at).strftime("%Y%m%d%H%M%S")
    found.WaveformSequence = Sequence([_group(leads, rate)])
    return found


def _group(leads: dict, rate: int) -> Dataset:
    group = Dataset()
    samples = numpy.column_stack([numpy.asarray(values) * 1000 / _STEP for values in leads.values()])
    group.WaveformOriginality, group.NumberOfWaveformChannels = "ORIGINAL", len(leads)
    group.NumberOfWaveformSamples, group.SamplingFrequency = len(samples), rate
    group.WaveformBitsAllocated, group.WaveformSampleInterpretation = 16, "SS"
    group.ChannelDefinitionSequence = Sequence([_channel(name) for name in leads])
    group.WaveformData = samples.round().clip(-32768, 32767).astype("<i2").tobytes()
    group["WaveformData"].VR = "OW"
    return group


def _channel(name: str) -> Dataset:
    channel = Dataset()
    channel.ChannelSourceSequence = Sequence([_coded(f"2:{_CODES[name]}", "MDC", f"Lead {name}")])
    channel.ChannelSensitivityUnitsSequence = Sequence([_coded("uV", "UCUM", "microvolt")])
    channel.ChannelSensitivity, channel.ChannelSensitivityCorrectionFactor = _STEP, 1
    channel.ChannelBaseline, channel.WaveformBitsStored = 0, 16
    return channel


def _coded(value: str, scheme: str, meaning: str) -> Dataset:
    coded = Dataset()
    coded.CodeValue, coded.CodingSchemeDesignator, coded.CodeMeaning = value, scheme, meaning
    return coded


def main() -> None:
    """Write what standard input orders."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for order in json.load(sys.stdin):
        leads = simulated(irregular=order["irregular"], seed=order["seed"])
        header = {part: order[part] for part in ("name", "number", "born", "at")}
        dataset(leads, **header).save_as(folder / order["file"], enforce_file_format=True)


if __name__ == "__main__":
    main()
