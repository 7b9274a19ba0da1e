"""Which stores runs may go to."""

from pathlib import Path

import pytest

from nbops.errors import UsageError
from nbops.recording.destination import check_uri
from nbops.workspace import Workspace

AZURE = "azureml://westeurope.api.azureml.ms/mlflow/v1.0/subscriptions/x"


@pytest.mark.parametrize(
    ("uri", "package"),
    [
        (AZURE, "azureml-mlflow"),
        ("arn:aws:sagemaker:eu-west-1:123456789012:mlflow-tracking-server/a", "sagemaker-mlflow"),
    ],
)
def test_a_clouds_own_mlflow_takes_the_package_that_reaches_it(
    workspace: Workspace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    uri: str,
    package: str,
):
    with pytest.raises(UsageError) as caught:
        check_uri(uri, workspace)
    assert f"pip install {package}" in caught.value.hint
    about = tmp_path / "site" / "cloud-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: cloud\nVersion: 1.0\n")
    scheme = uri.partition(":")[0]
    (about / "entry_points.txt").write_text(f"[mlflow.tracking_store]\n{scheme} = cloud:Store\n")
    monkeypatch.syspath_prepend(about.parent)
    assert check_uri(uri, workspace) == uri
