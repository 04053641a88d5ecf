"""worker: offers this machine's guests to a Dask scheduler."""

from __future__ import annotations

import os
import sys

from farm import matrix
from farm.errand import offers
from farm.program import say
from farm.settings import ROOT


def offer(scheduler: str, *, jobs: str = "") -> int:
    """Become a Dask worker with this machine's resources; returns only where that cannot be started."""
    guests = matrix.as_jobs(jobs, "--jobs") if jobs else os.cpu_count() or 1
    has = offers(guests)
    resources = " ".join(f"{name}={number:g}" for name, number in has.items())
    say(f"offering {resources}")
    words = ["worker", scheduler, "--nthreads", str(guests), "--nworkers", "1", "--resources", resources]
    # Workers import the farm from here; memory is the guests', of which Dask's own limit knows nothing.
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    argv = [sys.executable, "-m", "dask", *words, "--memory-limit", "0", "--no-dashboard"]
    os.execv(sys.executable, argv)  # noqa: S606 - becoming it leaves one process to stop
