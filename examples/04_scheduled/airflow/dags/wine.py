"""wine: written by `nbops export`. Export again rather than change it here."""

from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG, Param

HERE = Path(__file__).resolve().parent / "wine"

PARAMS = {
    'depth': Param(4, type='integer', description='how deep a tree may grow', minimum=1.0, maximum=20.0),
    'share': Param(0.5, type='number', description='of the wines, to learn from', minimum=0.1, maximum=0.9),
    'model': Param('forest', type='string', description="takes 'forest' or 'boosted'", enum=['forest', 'boosted']),
    'is_balanced': Param(False, type='boolean', description='whether rare cultivars count more'),
    'title': Param('Wine, as it is', type='string', description='takes str'),
}

ENV = {
    "HERE": str(HERE),
    "VAR_MLFLOW_TRACKING_URI": "{{ var.value.get('mlflow_tracking_uri', '') }}",
    "VAR_MLFLOW_TRACKING_TOKEN": "{{ var.value.get('mlflow_tracking_token', '') }}",
    "VAR_MLFLOW_TRACKING_USERNAME": "{{ var.value.get('mlflow_tracking_username', '') }}",
    "VAR_MLFLOW_TRACKING_PASSWORD": "{{ var.value.get('mlflow_tracking_password', '') }}",
    "SET_depth": "{{ params['depth'] }}",
    "SET_share": "{{ params['share'] }}",
    "SET_model": "{{ params['model'] }}",
    "SET_is_balanced": "{{ params['is_balanced'] }}",
    "SET_title": "{{ params['title'] }}",
    "NBOPS_JOB": 'wine',
    "MLFLOW_EXPERIMENT_NAME": 'wine',
}

with DAG(
    dag_id="wine",
    description='wine.ipynb, exported by nbops',
    schedule='30 6 * * 1-5',
    start_date=datetime(2025, 1, 1, tzinfo=ZoneInfo("Europe/Berlin")),
    catchup=False,
    max_active_runs=1,
    dagrun_timeout=timedelta(seconds=1200),
    params=PARAMS,
    tags=["nbops"],
):
    step_wine = BashOperator(
        task_id="wine",
        cwd=str(HERE),
        append_env=True,
        env=ENV,
        bash_command=r"""
[ -z "$VAR_MLFLOW_TRACKING_URI" ] || export MLFLOW_TRACKING_URI="$VAR_MLFLOW_TRACKING_URI"
[ -z "$VAR_MLFLOW_TRACKING_TOKEN" ] || export MLFLOW_TRACKING_TOKEN="$VAR_MLFLOW_TRACKING_TOKEN"
[ -z "$VAR_MLFLOW_TRACKING_USERNAME" ] || export MLFLOW_TRACKING_USERNAME="$VAR_MLFLOW_TRACKING_USERNAME"
[ -z "$VAR_MLFLOW_TRACKING_PASSWORD" ] || export MLFLOW_TRACKING_PASSWORD="$VAR_MLFLOW_TRACKING_PASSWORD"
mkdir -p "executed"
OUTPUT="executed/wine.ipynb"
.venv/bin/python -m nbops run project/wine.ipynb \
  -p "depth=$SET_depth" \
  -p "share=$SET_share" \
  -p "model=$SET_model" \
  -p "is_balanced=$SET_is_balanced" \
  -p "title=$SET_title" \
  -o "$OUTPUT" \
  --expect-env lock.txt \
  --timeout 900
    """,
    )

