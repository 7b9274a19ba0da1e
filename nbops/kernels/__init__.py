"""Warm kernels: forked from a process that has imported what the notebook imports.

Jupyter's clients start them by a kernel provisioner; knows no jobs and no MLflow.
"""
