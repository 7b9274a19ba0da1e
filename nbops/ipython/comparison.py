"""A comparison that, in a notebook, is a widget with the panel's own view of it."""

import logging
from collections.abc import Callable
from typing import Any

from nbops.comparison import RunTable
from nbops.store import Store
from nbops.views.compare import CompareView

_VIEW = "application/vnd.jupyter.widget-view+json"


class Comparison(CompareView):
    """What differs between runs, with its widget beside HTML and text: a front end takes what it can show.

    Parameters
    ----------
    make_widget
        Makes the widget of a comparison, given as JSON.
    """

    def __init__(
        self, table: RunTable, store: Store | None, make_widget: Callable[[str], Any]
    ) -> None:
        super().__init__(table, store)
        self._make_widget = make_widget

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        from nbops.records import to_json

        try:
            bundle = self._make_widget(to_json(self.table).decode())._repr_mimebundle_()
        except Exception:
            logging.getLogger(__name__).debug("no widget", exc_info=True)
            return {}
        data = bundle[0] if isinstance(bundle, tuple) else bundle or {}
        return {_VIEW: data[_VIEW]} if _VIEW in data else {}
