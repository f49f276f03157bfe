"""Reading what a model folder says about itself, without loading the model."""

import json
import re
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath

import yaml
from packaging.requirements import InvalidRequirement, Requirement

from portal.compute.runtime import pickles
from portal.compute.runtime.digest import UnsafeTree, tree_digest

SCALARS = frozenset({"double", "float", "long", "integer", "string", "boolean", "datetime"})
OVERLAY = "formulary.json"
# A list of numbers can be asked for as a tracing alone, which a file brings; the overlay says so.
TRACING, TRACING_KIND = "array(double)", "ecg"
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
    """What a model's files say: engine, signature, requirements, and flags a reviewer should see."""

    engine: str
    flavors: list[str]
    inputs: list[dict]
    outputs: list[dict]
    params: list[dict]
    requirements: list[str]
    python: str
    run_id: str
    onnx: str
    flags: list[str]
    overlay: dict | None = field(default=None)

    def plain(self) -> dict:
        """As JSON has it, without the overlay, which people may change."""
        return {name: value for name, value in asdict(self).items() if name != "overlay"}


def inspect_model(folder: Path) -> ModelFacts:
    """Everything a registration needs; raises ModelRefused with what to mend."""
    folder = Path(folder)
    try:
        tree_digest(folder)
    except (UnsafeTree, OSError) as problem:
        raise ModelRefused(str(problem), "unsafe-files") from None
    described = _description(folder)
    flavors = described.get("flavors") or {}
    inputs = _inputs(described)
    outputs = _columns(described, "outputs")
    onnx = _onnx_file(folder, flavors)
    overlay = _overlay(folder, inputs)
    _check_tracings(inputs, overlay or {}, onnx)
    facts = ModelFacts(
        engine="onnx" if onnx else "pyfunc",
        flavors=sorted(flavors),
        inputs=inputs,
        outputs=outputs,
        params=_columns(described, "params"),
        requirements=_requirements(folder),
        python=str((flavors.get("python_function") or {}).get("python_version", "")),
        run_id=str(described.get("run_id") or ""),
        onnx=onnx,
        flags=_flags(folder, flavors),
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


def _inputs(described: dict) -> list[dict]:
    inputs = _columns(described, "inputs")
    if not inputs:
        raise ModelRefused(
            "The model has no signature, so no form can be made from it. Infer one with "
            "mlflow.models.infer_signature(inputs, outputs) and log the model again with signature=…", "no-signature",
        )  # fmt: skip
    for given in inputs:
        if not given["name"] or given["type"] not in {*SCALARS, TRACING}:
            raise ModelRefused(
                f"The input {given['name'] or '(unnamed)'} of type {given['type']} cannot be asked in a form. "
                f"Name every input column and give it one of the types {', '.join(sorted(SCALARS))}; "
                "a tracing is Array(double).", "bad-signature",
            )  # fmt: skip
    names = [given["name"] for given in inputs]
    if len(set(names)) != len(names):
        raise ModelRefused("Two inputs of the signature have the same name.", "bad-signature")
    return inputs


def _check_tracings(inputs: list[dict], overlay: dict, onnx: str) -> None:
    lists = [given["name"] for given in inputs if given["type"] == TRACING]
    described = overlay.get("inputs", {})
    unsaid = [name for name in lists if (described.get(name) or {}).get("kind") != TRACING_KIND]
    if unsaid:
        raise ModelRefused(
            f"The input {unsaid[0]} is a list of numbers, which can be asked for only as a tracing. Say what it is in "
            f"{OVERLAY}: “kind”: “{TRACING_KIND}”, with “lead” and “rate”.", "bad-overlay",
        )  # fmt: skip
    if len(lists) > 1:
        raise ModelRefused("The signature has more than one tracing; a form takes one file.", "bad-signature")
    if lists and onnx:
        raise ModelRefused("A model that reads a tracing runs as python_function, not as ONNX.", "bad-signature")


def _columns(described: dict, part: str) -> list[dict]:
    signature = described.get("signature") or {}
    text = signature.get(part) if isinstance(signature, dict) else None
    if not text:
        return []
    try:
        columns = json.loads(text) if isinstance(text, str) else text
        return [_column(column) for column in columns]
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
    lines = (_COMMENT.sub("", line).strip() for line in text.splitlines())
    return [_requirement(line) for line in lines if line]


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
    except (ValueError, UnicodeDecodeError):
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
