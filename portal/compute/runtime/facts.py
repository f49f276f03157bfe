"""Reading what a model folder says about itself, without loading the model."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

import yaml
from packaging.requirements import InvalidRequirement, Requirement

from portal.compute.runtime import columns, pickles
from portal.compute.runtime.digest import UnsafeTree, file_digests

OVERLAY = "formulary.json"
# A list of numbers may be a tracing, which a file brings; the overlay says so.
TRACING, TRACING_KIND = "array(double)", "ecg"
# Before the name of a setting of the model, which is no input.
PARAM = "settings."
LONGEST_NAME = 120
# Where a file came from when it was logged; loading follows none of it beyond the last part of the name.
_ORIGINS = frozenset({"uri", "model_code_path"})
_COMMENT = re.compile(r"(^|\s)#.*$")


class ModelRefused(Exception):
    """A folder that cannot become a model; the sentence says what to do."""

    def __init__(self, sentence: str, code: str):
        super().__init__(sentence)
        self.sentence, self.code = sentence, code


@dataclass(frozen=True)
class ModelFacts:
    """What a model's files say: engine, signature, requirements, and flags a reviewer should see.

    `inputs` are the questions of the form, `columns` what the model takes them as, `files` the digest of each file.
    """

    engine: str
    flavors: list[str]
    inputs: list[dict]
    columns: list[dict]
    outputs: list[dict]
    params: list[dict]
    requirements: list[str]
    python: str
    run_id: str
    onnx: str
    flags: list[str]
    files: dict[str, str] = field(default_factory=dict)
    scan: dict = field(default_factory=dict)
    overlay: dict | None = field(default=None)

    def plain(self) -> dict:
        """As JSON has it, without the overlay, which people may change."""
        return {name: value for name, value in asdict(self).items() if name != "overlay"}


def inspect_model(folder: Path) -> ModelFacts:
    """Everything a registration needs; raises ModelRefused with what to mend."""
    try:
        files = dict(file_digests(folder))
    except (UnsafeTree, OSError) as problem:
        raise ModelRefused(str(problem), "unsafe-files") from None
    described = _description(folder)
    flavors = described.get("flavors") or {}
    taken = _taken(described)
    onnx = _onnx_file(folder, flavors)
    inputs = _inputs(taken, onnx)
    outputs = _columns(described, "outputs")
    overlay = _overlay(folder, inputs)
    _check_tracings(inputs, overlay or {}, onnx)
    facts = ModelFacts(
        engine="onnx" if onnx else "pyfunc",
        flavors=sorted(flavors),
        inputs=inputs,
        columns=taken,
        outputs=outputs,
        params=[] if onnx else _params(described, inputs),
        requirements=_requirements(folder),
        python=str((flavors.get("python_function") or {}).get("python_version", "")),
        run_id=str(described.get("run_id") or ""),
        onnx=onnx,
        flags=_flags(folder, flavors),
        files=files,
        overlay=overlay,
    )
    if not onnx and "python_function" not in flavors:
        raise ModelRefused(
            "The model has neither an ONNX file nor the python_function flavor, so nothing here can run it. "
            "Log it again with mlflow.<flavor>.log_model.", "no-flavor",
        )  # fmt: skip
    return facts


def _description(folder: Path) -> dict:
    path = folder / "MLmodel"
    if not path.is_file():
        raise ModelRefused(
            "The folder has no MLmodel file. Save the model with mlflow.<flavor>.save_model and name that folder.",
            "no-mlmodel",
        )
    try:
        described = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError):
        raise ModelRefused("The MLmodel file is not readable YAML. Save the model again.", "bad-mlmodel") from None
    if not isinstance(described, dict) or not isinstance(described.get("flavors"), dict):
        raise ModelRefused("The MLmodel file names no flavors. Save the model again.", "bad-mlmodel")
    _check_paths(described["flavors"])
    return described


def _check_paths(value) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in _ORIGINS:
                _check_paths(inner)
    elif isinstance(value, str) and (".." in PurePosixPath(value).parts or value.startswith("/")):
        raise ModelRefused("The MLmodel file points outside its own folder; such a model is not taken.", "path-escape")


def _taken(described: dict) -> list[dict]:
    """The columns as the model takes them."""
    try:
        found = [columns.read(column) for column in _part(described, "inputs")]
    except columns.Unaskable as problem:
        raise ModelRefused(
            f"An input of the signature cannot be asked in a form: {problem}.", "bad-signature"
        ) from None
    except (KeyError, TypeError, AttributeError, ValueError):
        raise ModelRefused("The signature's inputs cannot be read. Log the model again.", "bad-signature") from None
    if not found:
        raise ModelRefused(
            "The model has no signature, so no form can be made from it. Infer one with "
            "mlflow.models.infer_signature(inputs, outputs) and log the model again with signature=…", "no-signature",
        )  # fmt: skip
    if not all(column["name"] for column in found):
        raise ModelRefused(
            "An input of the signature has no name, so nobody can be asked for it. Name every input: give a DataFrame, "
            "or a dictionary of arrays, to infer_signature, and log the model again.", "bad-signature",
        )  # fmt: skip
    return found


def _inputs(taken: list[dict], onnx: str) -> list[dict]:
    """The questions of the form, from the columns."""
    found = []
    for column in taken:
        try:
            found += columns.questions(column)
        except columns.Unaskable as problem:
            sentence = f"The input {column['name']} cannot be asked in a form: {problem}."
            raise ModelRefused(sentence, "bad-signature") from None
    names = [asked["name"] for asked in found]
    if len(set(names)) != len(names):
        raise ModelRefused("Two inputs of the signature have the same name.", "bad-signature")
    if any(name != name.strip() or len(name) > LONGEST_NAME for name in names):
        raise ModelRefused(
            f"The name of an input has spaces around it, or more than {LONGEST_NAME} characters.", "bad-signature"
        )
    odd = [asked for asked in found if onnx and not _fits_onnx(asked["type"])]
    if odd:
        raise ModelRefused(
            f"The input {odd[0]['name']} of type {odd[0]['type']} cannot be given to an ONNX model. Log the model with the "
            "python_function flavor.", "bad-signature",
        )  # fmt: skip
    return found


def _fits_onnx(kind: str) -> bool:
    return not kind.startswith(("map", "array(array", "binary", "datetime")) and "datetime" not in kind


def _check_tracings(inputs: list[dict], overlay: dict, onnx: str) -> None:
    described = {name: entry for name, entry in overlay.get("inputs", {}).items() if isinstance(entry, dict)}
    tracings = [asked for asked in inputs if described.get(asked["name"], {}).get("kind") == TRACING_KIND]
    if any(asked["type"] != TRACING or "." in asked["name"] for asked in tracings):
        raise ModelRefused(
            f"{OVERLAY} calls {tracings[0]['name']} a tracing; that is Array(double) alone.", "bad-overlay"
        )
    if len(tracings) + sum(asked["type"] == "binary" for asked in inputs) > 1:
        raise ModelRefused("The signature asks for more than one file; a form takes one.", "bad-signature")
    if tracings and onnx:
        raise ModelRefused("A model that reads a tracing runs as python_function, not as ONNX.", "bad-signature")


def _params(described: dict, inputs: list[dict]) -> list[dict]:
    """The settings that a model is run with: name, type, default; a list has a shape."""
    try:
        found = [
            {"name": str(given["name"]), "type": _param_type(given), "default": given.get("default")}
            for given in _part(described, "params")
        ]
    except (KeyError, TypeError, AttributeError):
        raise ModelRefused("The signature's params cannot be read. Log the model again.", "bad-signature") from None
    if {f"{PARAM}{given['name']}" for given in found} & {asked["name"] for asked in inputs}:
        raise ModelRefused(f"An input of the signature is named like a setting ({PARAM}…). Rename it.", "bad-signature")
    return found


def _param_type(given: dict) -> str:
    return f"array({given['type']})" if given.get("shape") is not None else str(given["type"])


def _part(described: dict, part: str) -> list:
    signature = described.get("signature") or {}
    text = signature.get(part) if isinstance(signature, dict) else None
    if not text:
        return []
    try:
        found = json.loads(text) if isinstance(text, str) else text
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise ModelRefused(f"The signature's {part} cannot be read. Log the model again.", "bad-signature")
    return found


def _columns(described: dict, part: str) -> list[dict]:
    try:
        return [_column(column) for column in _part(described, part)]
    except (ValueError, TypeError, AttributeError):
        raise ModelRefused(f"The signature's {part} cannot be read. Log the model again.", "bad-signature") from None


def _column(column: dict) -> dict:
    kind = column.get("type", "")
    if kind == "tensor":
        spec = column.get("tensor-spec", {})
        kind = f"tensor {spec.get('dtype', '')}{spec.get('shape', '')}"
    if kind == "array":
        items = column.get("items") or {}
        kind = f"array({items.get('type', '')})" if items.get("type") != "array" else "array of arrays"
    return {"name": str(column.get("name") or ""), "type": str(kind), "required": bool(column.get("required", True))}


def _onnx_file(folder: Path, flavors: dict) -> str:
    named = (flavors.get("onnx") or {}).get("data")
    if named:
        return str(named)
    alone = sorted(path.name for path in folder.glob("*.onnx"))
    return alone[0] if len(alone) == 1 and "python_function" not in flavors else ""


def _requirements(folder: Path) -> list[str]:
    path = folder / "requirements.txt"
    if not path.is_file():
        return []
    text = path.read_text(encoding="utf-8", errors="replace").replace("\\\n", " ")
    return [_requirement(line) for raw in text.splitlines() if (line := _COMMENT.sub("", raw).strip())]


def _requirement(line: str) -> str:
    """A line that names a package and its version; nothing that leads to another place than the hospital's own."""
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        raise ModelRefused(
            f"The line “{line[:80]}” in requirements.txt is not a package with its version. Lines that are options of pip "
            "(-e, --index-url, -r), paths or addresses are not followed; name the package, such as scikit-learn==1.9.1.",
            "bad-requirements",
        ) from None
    if wanted.url:
        raise ModelRefused(
            f"The line “{line[:80]}” in requirements.txt takes {wanted.name} from an address. Packages come from the "
            "hospital's own source alone; name it with its version.", "bad-requirements",
        )  # fmt: skip
    return str(wanted)


def _flags(folder: Path, flavors: dict) -> list[str]:
    function = flavors.get("python_function") or {}
    found = {
        "pickle": any(path.is_file() and pickles.is_pickle(path) for path in folder.rglob("*")),
        "own code": bool(function.get("code")) or (folder / "code").is_dir(),
        "model from code": bool(function.get("model_code_path")),
        "no requirements": not (folder / "requirements.txt").is_file() and "python_function" in flavors,
        "own loader": not str(function.get("loader_module", "mlflow.")).startswith("mlflow."),
    }
    return [name for name, there in found.items() if there]


def _overlay(folder: Path, inputs: list[dict]) -> dict | None:
    path = folder / OVERLAY
    if not path.is_file():
        return None
    try:
        overlay = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        raise ModelRefused(f"{OVERLAY} is not valid JSON.", "bad-overlay") from None
    names = {given["name"] for given in inputs}
    if not isinstance(overlay, dict) or not isinstance(overlay.get("inputs", {}), dict):
        raise ModelRefused(f"{OVERLAY} must be an object with a member “inputs”.", "bad-overlay")
    unknown = sorted(set(overlay.get("inputs", {})) - names)
    if unknown:
        raise ModelRefused(
            f"{OVERLAY} describes inputs that the signature does not have: {', '.join(unknown)}.", "bad-overlay"
        )
    return overlay
