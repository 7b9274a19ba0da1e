"""Up to which size files are read as a whole to be hashed."""

import os
import re

import psutil

from nbops.workspace import Settings

_MB = 1_000_000
_ON_A_DISK = 10_000 * _MB
_ON_THE_NETWORK = 1_000 * _MB
_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|9p|afs|ceph|lustre|beegfs|gpfs|glusterfs|davfs"
    r"|fuse\.(?:sshfs|s3fs|gcsfuse|goofys|rclone|blobfuse\d?|mountpoint-s3|glusterfs|ceph)"
)


class HashLimits:
    """Limits by what a file lies on."""

    def __init__(self, settings: Settings) -> None:
        self._set = None if settings.hash_limit is None else settings.hash_limit * _MB
        self._network: tuple[str, ...] | None = None

    def of(self, path: str) -> int:
        """Limit in bytes for a file, or for each file of a folder."""
        if self._set is not None:
            return self._set
        if self._network is None:
            self._network = tuple(_network_mounts())
        return _ON_THE_NETWORK if path.startswith(self._network) else _ON_A_DISK


def _network_mounts() -> list[str]:
    mounts = psutil.disk_partitions(all=True)
    return [
        os.path.join(mount.mountpoint, "") for mount in mounts if _NETWORK.fullmatch(mount.fstype)
    ]
