"""From the records to MLflow, and back: the one room that says `import mlflow`.

The background process (`courier`) follows sessions, finds out what their kernels left open, keeps the
index, and ships runs. The kernel's side starts it by module name and never imports it; MLflow itself
loads `context` through entry points.
"""
