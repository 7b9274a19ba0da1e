"""The Jupyter server's side: REST under `/nbops/`, answered from the index.

Loaded in Lab's environment, which need not be the kernel's: they meet in files only.
"""

from typing import Any


def _load_jupyter_server_extension(server_app: Any) -> None:
    from nbops.server.news import announce
    from nbops.server.routes import add_routes

    announce(server_app)
    add_routes(server_app.web_app)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "nbops.server"}]
