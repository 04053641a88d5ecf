"""Runs cells on the workers of a Dask scheduler: same cells, same files, other machines.

    Cluster.start ─► Errand ─► (scheduler) ─► worker: farm.errand.run ─► Parcel ─► results/

What a worker has, its state of this project included, it says as Dask resources (farm.errand.offers); what a cell
needs is asked of them. Dask lets a need that nobody has wait for ever, so that is looked at before and meanwhile.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import Any

from distributed import Client, get_worker
from distributed.scheduler import KilledWorker

from farm import errand, load, results
from farm.errand import Errand, Parcel
from farm.errors import InfraError
from farm.plan import Cell
from farm.prepare import Workshop
from farm.qemu import accel
from farm.runner import FleetOptions
from farm.steps import Event, bus

TOPIC = "memory-farm"
CONNECT_SECONDS = 10
PATIENCE = 60.0  # seconds without any worker that could take a cell, before the cell is given up
LOOK = 2.0  # seconds between two looks
Resources = dict[str, float]


def remote(one: Errand, topic: str) -> Parcel:
    """Run an errand on the worker that this is called on, with its events sent to the caller."""
    worker = get_worker()

    def tell(event: Event) -> None:
        if event.subject == one.cell.name or event.step in {"download", "build"}:
            # Dask adds a key of its own to a message that is a dict.
            worker.log_event(topic, {"event": asdict(event)})

    bus.listeners.append(tell)
    try:
        tell(Event("cell", one.cell.name, "start"))
        return errand.run(one)
    finally:
        bus.listeners.remove(tell)


@dataclass(slots=True)
class Cluster:
    """Cells on a cluster; fits where farm.runner.Local does. `accels` as there."""

    shop: Workshop
    options: FleetOptions
    accels: dict[str, str] = field(default_factory=dict)
    client: Any = field(init=False)
    token: str = field(default_factory=lambda: secrets.token_hex(8))
    tasks: dict[Future[None], Any] = field(default_factory=dict)
    needs: dict[Future[None], Resources] = field(default_factory=dict)
    queue: list[tuple[Cell, Future[None]]] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)
    over: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Connect; InfraError where there is no scheduler."""
        where = self.options.scheduler
        try:
            self.client = Client(where, timeout=CONNECT_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, ValueError) as error:
            raise InfraError(f"no Dask scheduler at {where}: {error}", hint="dask scheduler starts one") from error

    def start(self, cells: Sequence[Cell]) -> dict[Future[None], Cell]:
        """Send every cell as an errand; one whose needs nobody has fails at once."""
        self.client.subscribe_topic(f"{TOPIC}-{self.token}", self._told)
        workers = self._workers()
        found: dict[Future[None], Cell] = {}
        for one in load.longest_first(cells, load.earlier(cells, self.options.results)):
            future: Future[None] = Future()
            found[future] = one
            needs = self._needs(one, workers)
            if lacking := unmet(needs, workers):
                future.set_exception(lacking)
                continue
            self.needs[future] = needs
            self.queue.append((one, future))
        self._fill(workers)
        threading.Thread(target=self._watch, name="watch", daemon=True).start()
        return found

    def _fill(self, workers: Sequence[Resources]) -> None:
        """Submit as many cells as the workers have slots for.

        Dask would take all at once, and blame a worker's death on every cell that waits there, not only on those
        that run.
        """
        with self.guard:
            # A cell that was given up meanwhile is over.
            self.queue = [(one, future) for one, future in self.queue if not future.done()]
            for one, future in list(self.queue):
                needs = self.needs[future]
                slots = sum(has["QEMU"] for has in workers if not unmet(needs, [has]))
                running = sum(not other.done() and self.needs[other] == needs for other in self.tasks)
                if running < slots:
                    self.queue.remove((one, future))
                    self._submit(one, future, needs)

    def _submit(self, one: Cell, future: Future[None], needs: Resources) -> None:
        topic, key = f"{TOPIC}-{self.token}", f"{one.name}-{self.token}"
        task = self.client.submit(remote, self._errand(one), topic, resources=needs, pure=False, key=key)
        self.tasks[future] = task
        # The callback runs on a thread that must not wait for the client.
        task.add_done_callback(
            lambda done: threading.Thread(target=self._settle, args=(one, done, future), name=one.name).start()
        )

    def stop(self) -> None:
        """Take back what has not begun, and leave the scheduler."""
        self.ended.set()
        left = [task for future, task in self.tasks.items() if not future.done()]
        if left:
            self.client.cancel(left, force=True)
        self.client.close(timeout=CONNECT_SECONDS)

    def _errand(self, one: Cell) -> Errand:
        old = None if self.options.fresh else results.one(self.options.results, one.name)
        return Errand(
            cell=one,
            old=errand.pack(old.folder) if old else {},
            kept=self.accels.get(one.arch.name, ""),
            repeat=self.options.repeat,
            all_probes=self.options.all_probes,
            token=self.token if self.options.again else "",
        )

    def _told(self, event: tuple[float, dict[str, dict[str, Any]]]) -> None:
        """Pass on what a worker says, unless it arrives after the end of its cell."""
        told = Event(**event[1]["event"])
        if told.subject not in self.over:
            bus.emit(told)

    def _needs(self, one: Cell, workers: Sequence[Resources]) -> Resources:
        """Return what a cell needs of a worker; its QEMU in the version of this host, else in any one version."""
        binary = one.arch.qemu
        here = accel.version(one.arch)
        offered = sorted({key for has in workers for key in has if key.startswith(f"{binary}-")})
        qemu = f"{binary}-{here}" if here or not offered else offered[-1]
        kvm = {f"KVM-{one.arch.name}": 1.0} if self.accels.get(one.arch.name) == "kvm" else {}
        return {errand.state(): 1.0, "QEMU": 1.0, "MEM_GB": round(load.mib(one) / 1024, 2), qemu: 1.0, **kvm}

    def _workers(self) -> list[Resources]:
        """Return the resources of every worker that is there now."""
        return [dict(one["resources"]) for one in self.client.scheduler_info(n_workers=-1).get("workers", {}).values()]

    def _watch(self) -> None:
        """Give up cells that no worker could take for a while: the last one that could is gone."""
        since = 0.0
        while not self.ended.wait(LOOK):
            try:
                workers = self._workers()
            except (OSError, RuntimeError, TimeoutError):
                workers = []
            alone = {f: why for f, needs in self.needs.items() if not f.done() and (why := unmet(needs, workers))}
            since = since + LOOK if alone else 0.0
            for future, why in alone.items() if since > PATIENCE else ():
                if future in self.tasks:
                    self.client.cancel([self.tasks[future]], force=True)
                if not future.done():
                    future.set_exception(why)
            self._fill(workers)

    def _settle(self, one: Cell, done: Any, future: Future[None]) -> None:  # noqa: ANN401 - Dask has no types
        """Turn the end of a Dask future into that of ours: stored, or why not, with the blame in its type."""
        error = self._stored(one, done)
        self.over.add(one.name)
        said = " ".join(str(error).split())
        bus.emit(Event("cell", one.name, "failed", message=said) if error else Event("cell", one.name, "done"))
        if future.done():
            return
        if error:
            future.set_exception(error)
        else:
            future.set_result(None)
        if done.cancelled() and not self.ended.is_set():
            self._lose()
        elif not self.ended.is_set():
            with suppress(OSError, RuntimeError, TimeoutError):
                self._fill(self._workers())

    def _lose(self) -> None:
        """End what was not sent yet: the scheduler is gone, and asking it anything would wait for ever."""
        self.ended.set()
        with self.guard:
            for _, future in self.queue:
                future.set_exception(gone())
            self.queue = []

    def _stored(self, one: Cell, done: Any) -> Exception | None:  # noqa: ANN401
        """Store what came back; return what is wrong with it."""
        try:
            parcel: Parcel = done.result()
            errand.deliver(parcel.checked(one.name), one.name, self.options.results)
        except KilledWorker as error:
            return InfraError(f"{one.name}: its workers died with it, again and again: {error}")
        except CancelledError:
            return gone()
        except RuntimeError as error:
            # Dask's own word for a scheduler that cannot import what the workers run.
            foreign = "deserialization" in str(error)
            hint = "start it in this project's environment: .venv/bin/dask scheduler"
            return InfraError("the scheduler does not know the farm", hint=hint) if foreign else error
        except Exception as error:  # noqa: BLE001 - whatever it is, it is this cell's and must not be lost in a thread
            return error
        return parcel.error


def gone() -> InfraError:
    """Return the error of a cell whose scheduler went away."""
    return InfraError("the scheduler is gone", hint="run it again; finished cells count")


def unmet(needs: Resources, workers: Sequence[Resources]) -> InfraError | None:
    """Return what to say where no single worker has all that is needed."""
    if any(all(has.get(key, 0.0) >= number for key, number in needs.items()) for has in workers):
        return None
    if not any(has.get(errand.state()) for has in workers):
        return InfraError(
            f"none of {len(workers)} workers runs this state of the farm",
            hint="./inv worker SCHEDULER starts one, in a checkout of the same commit",
        )
    lacking = " and ".join(f"{number:g} {key}" for key, number in needs.items() if key != errand.state())
    return InfraError(f"no worker has {lacking}", hint="./inv worker offers what a machine has")
