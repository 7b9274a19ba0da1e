"""GPUs, and the versions of what computes on them; nothing of it is imported."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_ASK_S = 10.0


def gpu_names() -> tuple[str, ...]:
    """NVIDIA GPUs, one line each as their driver names them."""
    answer = _ask_driver("--query-gpu=name,driver_version", "--format=csv,noheader")
    return tuple(answer.splitlines())


def read_accelerators(
    packages: Mapping[str, str], folders: Sequence[str], gpus: Sequence[str]
) -> dict[str, str]:
    """Versions of GPU driver, CUDA and cuDNN, as far as they are here.

    Parameters
    ----------
    packages
        Versions by name: NVIDIA's libraries are packages, too.
    folders
        Where packages lie: torch brings CUDA along, and says which in a file.
    gpus
        As `gpu_names` gives them.
    """
    found: dict[str, str] = {}
    if gpus:
        found["driver"] = gpus[0].rpartition(", ")[2]
        if version := re.search(r"CUDA Version:\s*([\d.]+)", _ask_driver()):
            found["CUDA of the driver"] = version[1]
    for what, name in (("CUDA", "nvidia-cuda-runtime"), ("cuDNN", "nvidia-cudnn")):
        for package, installed in packages.items():
            if re.fullmatch(rf"{name}(-cu\d+)?", package):
                found[what] = installed
    if bundled := _torch_cuda(folders):
        found["CUDA of torch"] = bundled
    return found


def _torch_cuda(folders: Sequence[str]) -> str:
    for folder in folders:
        try:
            text = (Path(folder) / "torch" / "version.py").read_text("utf-8")
        except OSError:
            continue
        version = re.search(r"^cuda\b[^=\n]*= *['\"]([\d.]+)['\"]", text, re.MULTILINE)
        return version[1] if version else ""
    return ""


def _ask_driver(*options: str) -> str:
    """What `nvidia-smi` says; empty where there is none, or it does not answer."""
    if not shutil.which("nvidia-smi"):
        return ""
    try:
        answer = subprocess.run(
            ["nvidia-smi", *options], capture_output=True, text=True, timeout=_ASK_S, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return ""
    return answer.stdout.strip()
