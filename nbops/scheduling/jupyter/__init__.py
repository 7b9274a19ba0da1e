"""jupyter-scheduler, which waits and lists in JupyterLab: what nbops asks of it, and how it runs a job for it."""
