"""Facts -> records: replays a session's journal and findings into what people look at.

Replaying is pure; only `replay_folder` opens files. The background process feeds facts line by line as
they come; a reader that opens an old session feeds them all at once; both get the same records.
"""

from nbops.replay.replay import REFUSED, Replay, replay_folder

__all__ = ["REFUSED", "Replay", "replay_folder"]
