"""When a schedule would come, while someone types it."""

from datetime import UTC, datetime
from typing import Any

from jupyter_server.auth.decorator import authorized
from tornado import web  # type: ignore[attr-defined]

from nbops.errors import UsageError
from nbops.records import FORMAT, Record
from nbops.scheduling.schedule import read_schedule
from nbops.scheduling.times import next_times
from nbops.scheduling.wording import show_words
from nbops.server.handler import NbopsHandler

_TIMES = 4


class Problem(Record, frozen=True, kw_only=True):
    """Why what was typed cannot be meant."""

    message: str
    hint: str = ""


class FireTimes(Record, frozen=True, kw_only=True):
    """What `GET /nbops/fire-times` sends."""

    format: int = FORMAT
    words: str = ""  # the schedule as a person says it
    timezone: str = ""
    times: tuple[datetime, ...] = ()  # the next ones; none when only changes of files start it
    local: tuple[str, ...] = ()  # the same on the clock of the time zone
    watched: tuple[str, ...] = ()
    problem: Problem | None = None


class FireTimesHandler(NbopsHandler):
    """`GET /nbops/fire-times?path=&text=[&timezone=]`: what a schedule means, or why it means nothing."""

    @web.authenticated  # type: ignore[untyped-decorator]
    @authorized  # type: ignore[untyped-decorator]
    async def get(self) -> None:
        await self.answer(self._tell)

    def _tell(self) -> Any:
        self.place()
        return tell_times(self.word("text") or "", self.word("timezone"), datetime.now(UTC))


def tell_times(text: str, timezone: str | None, now: datetime) -> FireTimes:
    """What a schedule means; that it means nothing is no error while it is being typed."""
    try:
        schedule = read_schedule(text, timezone)
        times = next_times(schedule, now, _TIMES)
    except UsageError as error:
        return FireTimes(problem=Problem(message=error.message, hint=error.hint))
    return FireTimes(
        words=show_words(schedule),
        timezone=schedule.timezone,
        times=tuple(time.astimezone(UTC) for time in times),
        local=tuple(f"{time:%a %d %b %Y %H:%M}" for time in times),
        watched=schedule.watched,
    )
