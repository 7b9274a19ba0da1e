"""What is to be in MLflow, as values: built where sessions are replayed, sent from another thread."""

from dataclasses import dataclass, field
from pathlib import Path

from blake3 import blake3

from nbops.records import CellRun, DataRef, Document, Environment, Number, Run, Session, to_json

Point = tuple[str, int, Number, float]
"""Metric name, step, value, seconds since the epoch."""


@dataclass
class Shipment:
    """The latest state of one run, and the metric points that were not sent yet.

    Parameters
    ----------
    key
        The run's id, or the session's for the run that stands for it.
    run
        None for a session's own.
    state
        Digest of all that is to be in MLflow.
    known
        MLflow's run and experiment ids of this run and its parent, where they exist already.
    is_users
        The user's own code made the MLflow run, and ends it.
    """

    key: str
    session: Session
    run: Run | None
    parent: str | None
    state: str
    head: str
    points: list[Point] = field(default_factory=list)
    inputs: tuple[DataRef, ...] = ()
    cell_runs: tuple[CellRun, ...] = ()
    environment: Environment | None = None
    imported: tuple[str, ...] = ()
    model_folders: dict[str, Path] = field(default_factory=dict)
    experiment_id: str | None = None  # set by the user's own code
    known: dict[str, tuple[str, str]] = field(default_factory=dict)
    is_users: bool = False
    is_edited: bool = False  # a person changed its notes or tags afterwards
    removed_tags: tuple[str, ...] = ()

    @property
    def stands_for_session(self) -> bool:
        return self.run is None or self.run.origin == "job"

    @property
    def is_over(self) -> bool:
        return (self.run.status if self.run else self.session.status) != "running"

    def follow(self, newer: "Shipment") -> None:
        """Take over a newer state, keeping the points that are still to be sent."""
        newer.points[:0] = self.points

    def document(self) -> Document:
        """Record of the run, as it lies among its artifacts."""
        environments = {}
        if self.environment and self.session.environment:
            environments[self.session.environment] = self.environment
        runs = (self.run,) if self.run else ()
        return Document(
            session=self.session,
            environments=environments,
            runs=runs,
            cell_runs=self.cell_runs,
            imported=self.imported,
        )


def state_of(*parts: object) -> str:
    """Digest of records; equal ones give the same in every process."""
    hasher = blake3()
    for part in parts:
        hasher.update(to_json(part))
    return hasher.hexdigest(length=8)
