"""What MLflow makes of the environment, and what is sent instead."""

import threading

import pytest
from mlflow.utils.credentials import get_default_host_creds

from nbops.tracking import access
from nbops.tracking.access import use_for


def test_a_server_is_sent_what_is_its_own_and_no_other_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(access, "_known", {})
    monkeypatch.setattr(access, "_here", threading.local())
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "user")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "word")
    monkeypatch.setenv("MLFLOW_TRACKING_SERVER_CERT_PATH", "/other.pem")
    use_for("https://host/one", {"MLFLOW_TRACKING_TOKEN": "1"})
    use_for("https://host/one/two/", {"MLFLOW_TRACKING_TOKEN": "2"})
    use_for("https://u:p@host:5000", {"MLFLOW_TRACKING_INSECURE_TLS": "true"})

    artifacts = "/api/2.0/mlflow-artifacts/artifacts/0/run/artifacts"
    one = get_default_host_creds(f"https://host/one{artifacts}")
    assert (one.token, one.username, one.server_cert_path) == ("1", None, "/other.pem")
    assert get_default_host_creds(f"https://host/one/two{artifacts}").token == "2"
    assert get_default_host_creds("https://host/onetwo").token is None
    insecure = get_default_host_creds("https://u:p@host:5000/api")
    assert (insecure.verify, insecure.username) == (False, "user")
    elsewhere = get_default_host_creds("https://artifacts/of/the/last")
    assert elsewhere.verify is False, "a server may keep its artifacts on another host"
    use_for("https://host/one", {"MLFLOW_TRACKING_TOKEN": "3"})
    assert get_default_host_creds("https://host/one").token == "3"
