"""What a run in MLflow holds of what the user logged."""

from mlflow.entities import Run


def metrics_of(run: Run) -> dict[str, float]:
    """Its metrics, without the machine's: these are there when a cell took ten seconds, on a slow machine."""
    metrics: dict[str, float] = run.data.metrics
    return {name: value for name, value in metrics.items() if not name.startswith("system/")}
