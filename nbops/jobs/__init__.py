"""Notebooks run without a person: papermill executes, every cell run is recorded as in Lab."""
