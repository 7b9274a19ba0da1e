"""Creates this job in a running Jupyter server, runs it, or removes it. Python's own library is enough.

python submit.py install | run | remove [--server URL] [--at FOLDER]

The server is $JUPYTER_URL with $JUPYTER_TOKEN, or the one that runs on this machine. FOLDER is where this folder
lies below the server's root; it is found out where the server runs here.
"""

import argparse
import json
import os
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

HERE = Path(__file__).resolve().parent


def find_server(url):
    """URL, token and root of the server; the root is None where it runs elsewhere."""
    if url:
        return url.rstrip("/"), os.environ.get("JUPYTER_TOKEN", ""), None
    listed = subprocess.run(
        [sys.executable, "-m", "jupyter_server", "list", "--jsonlist"], capture_output=True, text=True
    )
    servers = json.loads(listed.stdout or "[]") if listed.returncode == 0 else []
    for server in servers:
        if HERE.is_relative_to(Path(server["root_dir"]).resolve()):
            return server["url"].rstrip("/"), server["token"], Path(server["root_dir"]).resolve()
    sys.exit("No Jupyter server runs here whose root holds this folder. Start one, or give --server URL.")


def ask(server, method, path, body=None):
    url, token, _ = server
    request = urllib.request.Request(f"{url}/scheduler/{path}", method=method)
    request.add_header("Authorization", f"token {token}")
    request.add_header("Content-Type", "application/json")
    data = None if body is None else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(request, data, timeout=60) as answer:
            return json.loads(answer.read() or b"null")
    except urllib.error.HTTPError as error:
        hint = " Is jupyter-scheduler installed there?" if error.code == 404 else ""
        sys.exit(f"{url} answers {error.code} to {method} {path}: {error.read().decode()[:300]}{hint}")
    except urllib.error.URLError as error:
        sys.exit(f"{url} does not answer: {error.reason}.")


def read_definition(server, place):
    """The definition, with paths and environment as this server has them."""
    definition = json.loads((HERE / "job_definition.json").read_text("utf-8"))
    wishes = definition["runtime_environment_parameters"]
    definition["input_uri"] = place + "/" + definition["input_uri"] if place else definition["input_uri"]
    for key in ("nbops_notebook", "nbops_lock", "nbops_import_path"):
        if key in wishes and place:
            wishes[key] = ":".join(f"{place}/{path}" for path in wishes[key].split(":"))
    names = [each["name"] for each in ask(server, "GET", "runtime_environments")]
    if definition["runtime_environment_name"] not in names:
        definition["runtime_environment_name"] = names[0]
    return definition


def find_definitions(server, definition):
    """Ids of this job, and the notebooks of other jobs of its name that nbops runs."""
    found = ask(server, "GET", "job_definitions?max_items=1000").get("job_definitions", [])
    own, others = [], []
    for each in found:
        if each["name"] == definition["name"] and "nbops" in (each.get("tags") or ()):
            notebook = (each.get("runtime_environment_parameters") or {}).get("nbops_notebook")
            if notebook == definition["runtime_environment_parameters"]["nbops_notebook"]:
                own.append(each["job_definition_id"])
            else:
                others.append(notebook)
    return own, others


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", choices=["install", "run", "remove"])
    parser.add_argument("--server", default=os.environ.get("JUPYTER_URL"))
    parser.add_argument("--at", metavar="FOLDER")
    options = parser.parse_args()
    server = find_server(options.server)
    place = options.at
    if place is None:
        place = HERE.relative_to(server[2]).as_posix() if server[2] else HERE.name
    definition = read_definition(server, "" if place == "." else place.strip("/"))
    name = definition["name"]
    known, others = find_definitions(server, definition)
    if others and options.what == "install":
        sys.exit(f"There is a job {name} already, of {others[0]}. Export this one with --name OTHER.")
    if options.what == "run":
        if not known:
            sys.exit(f"{name} is not installed. python submit.py install")
        job = ask(server, "POST", f"job_definitions/{known[0]}/jobs", {})
        print(f"{name} runs as {job['job_id']}.")
        return
    made = ask(server, "POST", "job_definitions", definition) if options.what == "install" else None
    for each in known:
        ask(server, "DELETE", f"job_definitions/{each}")
    if made is None:
        print(f"{name} is removed." if known else f"There was no {name}.")
        return
    print(f"{name} is installed as {made['job_definition_id']}; JupyterLab lists it under Notebook Jobs.")


main()
