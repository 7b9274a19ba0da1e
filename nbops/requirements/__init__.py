"""From a recorded environment to requirements that pip and uv install again.

Knows records and package indexes; it does not know how an environment came to be recorded.
"""

from nbops.requirements.hashes import Hashes, Looked
from nbops.requirements.indexes import find_indexes
from nbops.requirements.lock import Lock, from_indexes, make_lock

__all__ = ["Hashes", "Lock", "Looked", "find_indexes", "from_indexes", "make_lock"]
