from collections.abc import Callable

from kernels import Kernel
from killing import Killing

from nbops.workspace import Workspace


def test_random_kills_of_kernel_and_background_lose_nothing_and_record_nothing_twice(
    workspace: Workspace, start_kernel: Callable[..., Kernel]
):
    killing = Killing(workspace, start_kernel, seed=11)
    killing.run(kills=4)
    killing.check()
