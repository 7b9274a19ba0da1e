"""Saves a model by the MLflow flavour that knows it: the one place where a kernel loads MLflow."""

import shutil
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from nbops.capture.secrets.redaction import redact
from nbops.errors import NbopsError, UsageError
from nbops.recording.scalars import as_scalar
from nbops.recording.words import make_id
from nbops.records import ModelRef

_FLAVORS = (  # package that the class comes from, its base class, flavour
    ("lightgbm", "lightgbm.Booster", "lightgbm"),
    ("lightgbm", "lightgbm.LGBMModel", "lightgbm"),
    ("xgboost", "xgboost.Booster", "xgboost"),
    ("xgboost", "xgboost.XGBModel", "xgboost"),
    ("catboost", "catboost.CatBoost", "catboost"),
    ("torch", "torch.nn.Module", "pytorch"),
    ("keras", "keras.Model", "keras"),
    ("statsmodels", "statsmodels.base.wrapper.ResultsWrapper", "statsmodels"),
    ("sklearn", "sklearn.base.BaseEstimator", "sklearn"),
)


def save_model(model: Any, name: str, session_folder: Path) -> tuple[ModelRef, str]:
    """Save a model into a session's folder.

    Parameters
    ----------
    name
        What it is called in its run.

    Returns
    -------
    What is recorded of it, and its folder relative to the session's; no folder where there was no
    room for it, as on a full disk: then the record says so.

    Raises
    ------
    UsageError
        No flavour knows it.
    NbopsError
        Its flavour cannot save it.
    """
    flavor = _flavor_of(model)
    folder = session_folder / "models" / make_id()
    params = _hyperparameters(model)
    module = import_module(f"mlflow.{flavor}")
    try:
        folder.parent.mkdir(mode=0o700, exist_ok=True)
        if flavor == "sklearn":
            _save_sklearn(module, model, folder)
        else:
            # Inferring requirements would load the model again in a new process: seconds.
            requirements = module.get_default_pip_requirements()
            module.save_model(model, str(folder), pip_requirements=requirements)
    except Exception as error:
        shutil.rmtree(folder, ignore_errors=True)
        if disk := _disk_error(error):
            missing = f"could not be kept: {disk.strerror or disk}"
            return ModelRef(name=name, flavor=flavor, params=params, missing=redact(missing)), ""
        raise NbopsError(
            f"The model was not saved: {type(error).__name__}: {error}.",
            "Save it yourself and keep the file: %track file PATH",
        ) from error
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
    record = ModelRef(name=name, flavor=flavor, params=params, size_bytes=size)
    return record, str(folder.relative_to(session_folder))


def _disk_error(error: BaseException | None) -> OSError | None:
    """What the system said, beneath what flavours make of it."""
    while error is not None and not isinstance(error, OSError):
        error = error.__cause__ or error.__context__
    return error


def _save_sklearn(module: Any, model: Any, folder: Path) -> None:
    """Save without pickle where that can be; the types of the user's own model are trusted.

    Models of classes that a notebook defines only go as pickles.
    """
    try:
        import skops.io

        trusted = skops.io.get_untrusted_types(data=skops.io.dumps(model))
        requirements = module.get_default_pip_requirements(include_skops=True)
        module.save_model(
            model, str(folder), skops_trusted_types=trusted, pip_requirements=requirements
        )
    except Exception as error:  # skops raises whatever the classes it met do
        if _disk_error(error):  # a pickle would find no more room
            raise
        shutil.rmtree(folder, ignore_errors=True)
        requirements = module.get_default_pip_requirements(include_cloudpickle=True)
        module.save_model(
            model, str(folder), serialization_format="cloudpickle", pip_requirements=requirements
        )


def _flavor_of(model: Any) -> str:
    for package, base, flavor in _FLAVORS:
        if package not in sys.modules:
            continue
        module, _, name = base.rpartition(".")
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(model, kind):
            return flavor
    raise UsageError(
        f"MLflow has no flavour for a {type(model).__name__}.",
        "Save it to a file and keep that: %track file PATH",
    )


def _hyperparameters(model: Any) -> dict[str, Any]:
    """What an estimator says it was made with; nothing for models that do not say."""
    get_params = getattr(model, "get_params", None)
    if not callable(get_params):
        return {}
    try:
        found = get_params(deep=False)
    except Exception:  # noqa: BLE001 - the user's own class
        return {}
    return {str(key): as_scalar(str(key), value) for key, value in found.items()}
