"""Real guests that go wrong: one fleet whose cells each meet another fault, and the same fleet again without them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from farm.arches import ARCHES
from farm.errors import InfraError
from farm.fleet import Summary
from tests.boot.conftest import Bench
from tests.faults.guest_faults import BATCHES, Fault
from tests.faults.real_farm import Footprint, RealFarm, disturb, footprint, shared_cache

pytestmark = [pytest.mark.faults, pytest.mark.qemu]
# What the cells differ in, so that each is one of its own; for these probes all of them are the same.
VARIANTS = ("plain", "hugepages", "memcg", "thp", "la57", "swap", "zram")
SERIES = ("6.12", "6.1")


def spread(faults: tuple[Fault, ...]) -> dict[str, tuple[str, str]]:
    """Return the series and variant that each fault is injected into."""
    free = [(series, variant) for series in SERIES for variant in VARIANTS]
    return {one.name: (SERIES[0], one.variant) if one.variant != "plain" else free.pop(0) for one in faults}


@dataclass
class Ran:
    """A fleet that met its faults, and the same cells in a fleet that met none."""

    farm: RealFarm
    summary: Summary
    before: Footprint
    after: Footprint


@contextmanager
def ran(bench: Bench, folder: Path, faults: tuple[Fault, ...]) -> Iterator[Ran]:
    """Run the cells without their faults, and with them; yield what came of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FARM_ACCEL", "tcg")
        bench.shop.checker(ARCHES["x86_64"])
        own = shared_cache(folder / "cache")
        patch.setenv("FARM_CACHE", str(own))
        cells = {name: bench.cell(series, "x86_64", variant) for name, (series, variant) in spread(faults).items()}
        farm = RealFarm(folder, bench.shop, cells, {one.name: one for one in faults})
        farm.run(disturbed=False, into="undisturbed")
        # What a starved host voided (a clock that ran wild) is run again, as its hint says.
        calm = farm.run(disturbed=False, into="undisturbed")
        if calm.unanswered or calm.broken:
            raise InfraError(f"these cells are not answered without a fault: {calm.unanswered} {calm.broken}")
        before = footprint(own, folder / "results")
        with pytest.MonkeyPatch.context() as faulty:
            disturb(faulty, farm)
            summary = farm.run(disturbed=True)
        yield Ran(farm, summary, before, footprint(own, folder / "results"))


@pytest.fixture(scope="module")
def batch(bench: Bench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Ran]]:
    """Return what runs the cells of a batch, once, also where that fails."""
    done: dict[str, Ran | Exception] = {}
    with ExitStack() as stack:

        def run(name: str) -> Ran:
            if name not in done:
                try:
                    done[name] = stack.enter_context(ran(bench, tmp_path_factory.mktemp(name), BATCHES[name]))
                except Exception as error:  # noqa: BLE001 - whatever it is, each of the batch's tests is to fail of it
                    done[name] = error
            found = done[name]
            if isinstance(found, Exception):
                raise found
            return found

        yield run


def marks(name: str) -> list[pytest.MarkDecorator]:
    return [] if name == "usual" else [pytest.mark.long]


@pytest.mark.parametrize(
    ("name", "fault"),
    [pytest.param(name, one, id=f"{name}: {one.name}", marks=marks(name)) for name in BATCHES for one in BATCHES[name]],
)
def test_a_fault_in_a_guest_ends_as_it_should_and_costs_nothing_else(
    batch: Callable[[str], Ran], name: str, fault: Fault
) -> None:
    ran = batch(name)
    farm = ran.farm
    said = dict(ran.summary.unanswered).get(farm.cells[fault.name].name, "")
    assert bool(said) == bool(fault.why)
    assert re.search(fault.why, said), said
    stored = farm.stored(fault.name)
    assert stored.info.answered == (not fault.why)
    calm = farm.stored(fault.name, "undisturbed").records
    expected = {} if fault.why else {probe: (one.end, "") for probe, one in calm.items()}
    expected |= {probe: (end, why) for probe, end, why in fault.ends}
    assert {probe: one.end for probe, one in stored.records.items()} == {
        probe: end for probe, (end, _) in expected.items()
    }
    for probe, (_, why) in expected.items():
        assert re.search(why, stored.records[probe].why or "")
        assert why or stored.records[probe] == calm[probe]
    assert [line for line in fault.oopses if not any(line in oops for oops in stored.info.oopses)] == []
    if not fault.why:
        assert len(json.loads((stored.folder / "run.json").read_text())["guests"]) == fault.guests


@pytest.mark.parametrize("name", [pytest.param(name, marks=marks(name)) for name in BATCHES])
def test_after_faults_in_guests_nothing_is_left_and_a_rerun_gives_the_bytes_of_a_run_without(
    batch: Callable[[str], Ran], name: str
) -> None:
    ran = batch(name)
    assert ran.before == ran.after

    again = ran.farm.run(disturbed=False)
    assert sorted(again.ran) == sorted(name for name, _ in ran.summary.unanswered)
    assert again.unanswered == []
    spoiled = frozenset(name for name, fault in ran.farm.faults.items() if fault.ends or fault.oopses)
    if spoiled:
        assert ran.farm.run(disturbed=False, fresh=spoiled).unanswered == []
    assert ran.farm.bytes() == ran.farm.bytes("undisturbed")
