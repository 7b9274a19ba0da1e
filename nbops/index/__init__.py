"""All runs of a workspace, in an SQLite file that can be deleted at any time.

Written by the background process as it replays sessions, read by panel, command line and Python API.
It holds the last value of each metric; whole records are replayed when one run is opened. It knows no
MLflow.
"""
