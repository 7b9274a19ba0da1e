"""Environment variables that change what code computes, as a process was started with them."""

import psutil

from nbops.capture.secrets.fingerprints import stand_in_for_value
from nbops.capture.secrets.redaction import is_secret, redact

_NAMES = frozenset(
    {
        *("PYTHONHASHSEED", "PYTHONPATH", "PYTHONOPTIMIZE", "PYTHONUTF8", "LANG", "LC_ALL", "TZ"),
        *("CUBLAS_WORKSPACE_CONFIG", "CUDA_VISIBLE_DEVICES", "CUDA_LAUNCH_BLOCKING"),
        *("NVIDIA_TF32_OVERRIDE", "PYTORCH_CUDA_ALLOC_CONF", "PYTORCH_ENABLE_MPS_FALLBACK"),
        *("TF_DETERMINISTIC_OPS", "TF_CUDNN_DETERMINISTIC", "TF_ENABLE_ONEDNN_OPTS"),
        *("TF_FORCE_GPU_ALLOW_GROWTH", "TF_XLA_FLAGS", "XLA_FLAGS"),
        *("JAX_ENABLE_X64", "JAX_PLATFORMS", "JAX_DEFAULT_MATMUL_PRECISION"),
        *("OMP_NUM_THREADS", "OMP_SCHEDULE", "OMP_DYNAMIC", "MKL_NUM_THREADS", "MKL_CBWR"),
        *("OPENBLAS_NUM_THREADS", "OPENBLAS_CORETYPE", "BLIS_NUM_THREADS", "NUMEXPR_NUM_THREADS"),
        *("NUMBA_NUM_THREADS", "NUMBA_DISABLE_JIT", "VECLIB_MAXIMUM_THREADS", "POLARS_MAX_THREADS"),
        *("LD_PRELOAD", "LD_LIBRARY_PATH", "TOKENIZERS_PARALLELISM", "HF_HUB_OFFLINE"),
    }
)


def read_variables(pid: int) -> dict[str, str] | None:
    """Variables of a process that change results, secrets hidden; None where it cannot be asked.

    What its code put into `os.environ` later is not among them: that is in the record as code.
    """
    try:
        variables = psutil.Process(pid).environ()
    except (psutil.Error, OSError):
        return None
    return {
        name: stand_in_for_value(value) if is_secret(name, value) else redact(value)
        for name, value in sorted(variables.items())
        if name in _NAMES
    }
