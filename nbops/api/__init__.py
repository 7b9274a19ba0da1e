"""What `import nbops` offers; arguments come in MLflow's order."""
