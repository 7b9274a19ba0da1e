/** Where a run can be seen outside of the panel. Pure. */

import type { RunRow } from './answers';

type Place = Pick<RunRow, 'tracking_uri' | 'mlflow_run_id' | 'mlflow_experiment_id'>;

/** Address of a run in the UI of its MLflow server; null where it lies in no server. */
export function mlflowLink({
  tracking_uri,
  mlflow_run_id,
  mlflow_experiment_id
}: Place): string | null {
  const isServer = /^https?:\/\//i.test(tracking_uri);
  if (!isServer || mlflow_run_id === null || mlflow_experiment_id === null) {
    return null;
  }
  const [experiment, run] = [mlflow_experiment_id, mlflow_run_id].map(encodeURIComponent);
  return `${tracking_uri.replace(/\/+$/, '')}/#/experiments/${experiment}/runs/${run}`;
}
