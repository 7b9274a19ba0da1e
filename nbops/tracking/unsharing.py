"""Takes what is forgotten out of the store that a team shares, as far as it is this workspace's.

What others brought there, or found there when they would have brought it, cannot be seen from here. So that goes
what this workspace brought, and no record here refers to any more; what lay there before it came is others'.
"""

from collections.abc import Iterable

from nbops.errors import StoreUnreachable
from nbops.store.shared import SharedStore
from nbops.tracking.shared_names import SharedNames
from nbops.workspace import Workspace

_NAMED = 3
"""So many files are named that stay."""


def take_back(workspace: Workspace, session: str, digests: Iterable[str]) -> list[str]:
    """Delete files, and a session's results of steps, from the shared store; says what stays there.

    Raises
    ------
    StoreUnreachable
        Asking again completes it.
    """
    url = workspace.settings.store
    if not url:
        return []
    store, names = SharedStore(url), SharedNames(workspace, url)
    try:
        for path in (workspace.state / "steps").glob(f"*/{session}.json"):
            store.remove_at(f"steps/{path.parent.name}/{path.name}")
        there = sorted(digest for digest in digests if store.has(digest))
        ours = [digest for digest in there if names.is_ours(_name(digest))]
        for digest in ours:
            store.remove(digest)
            names.drop([_name(digest)])
    except StoreUnreachable as error:
        hint = "Bring it up, or take `store` out of [tool.nbops], and ask again."
        raise StoreUnreachable(error.message, hint) from error
    others = [digest for digest in there if digest not in ours]
    return [_say(store, others)] if others else []


def _say(store: SharedStore, digests: list[str]) -> str:
    shown = ", ".join(store.place_of(digest) for digest in digests[:_NAMED])
    more = f" and {len(digests) - _NAMED} more" if len(digests) > _NAMED else ""
    return (
        f"The shared store has {len(digests)} of its files from others, whose records may need them: "
        f"{shown}{more}. Delete them there if nobody does."
    )


def _name(digest: str) -> str:
    return digest.partition(":")[2]
