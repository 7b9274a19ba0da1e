"""What is looked at before a job leaves: its notebooks' text, their records, what would travel, a dry run."""

from nbops.scheduling.preflight.check import check_job, has_errors
from nbops.scheduling.preflight.findings import KINDS, Finding

__all__ = ["KINDS", "Finding", "check_job", "has_errors"]
