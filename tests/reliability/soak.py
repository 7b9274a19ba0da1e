"""`make soak`: hundreds of random kills, by hand and for as long as it takes.

python tests/reliability/soak.py [KILLS] [SEED]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from kernels import Kernel  # noqa: E402
from killing import Killing  # noqa: E402
from processes import stop_background  # noqa: E402

from nbops.workspace import find_workspace  # noqa: E402


def main(kills: int, seed: int) -> None:
    with tempfile.TemporaryDirectory(prefix="nbops-soak-") as folder:
        homes = Path(folder)
        for variable in ("HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME", "XDG_RUNTIME_DIR"):
            os.environ[variable] = str(homes / variable.lower())
            (homes / variable.lower()).mkdir()
        os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
        root = homes / "project"
        root.mkdir()
        (root / "pyproject.toml").write_text("[project]\nname = 'project'\n")
        workspace = find_workspace(root)
        killing = Killing(workspace, lambda: Kernel(root, {}), seed)
        began = time.monotonic()
        try:
            killing.run(kills)
            lasted = time.monotonic() - began
            print(f"{kills} kills, {len(killing.begun)} cells in {lasted:.0f} s; checking ...")
            killing.check()
        except BaseException:
            print(f"kept: {folder}")
            os.system(f"cp -r {folder} {folder}-kept")  # noqa: S605 - for whoever looks into it
            raise
        finally:
            stop_background(workspace)
    print(f"{len(killing.finished)} finished cell runs, each recorded once, each once in MLflow")


if __name__ == "__main__":
    main(*map(int, (sys.argv[1:] + ["200", "1"][len(sys.argv) - 1 :])))
