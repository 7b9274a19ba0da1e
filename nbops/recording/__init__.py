"""The live session of this process: what hooks, magics and the Python API write facts through.

Here a call costs microseconds and never raises for what goes wrong inside; nothing here knows
IPython, MLflow, or what the facts will come to mean.
"""
