"""Verdicts for pages: each equal record is judged once, each behaviour put together once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from farm.catalogue import Behaviour, Catalogue, Probe
from farm.diff import option_value
from farm.judge import Judgement, Place, Summary, configured_out, judge, summary
from farm.results import Results
from farm.types import Kernel, Record

Judged = list[tuple[Place, Judgement]]


@dataclass
class Verdicts:
    """Judges what pages show; `order` are the labels of all kernels in order."""

    stored: Results
    catalogue: Catalogue
    kernels: Mapping[str, Kernel]
    labels: Mapping[str, str]
    order: Sequence[str]
    _judged: dict[tuple[str, str, str, int], Judgement] = field(default_factory=dict)
    _options: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = field(default_factory=dict)
    _summaries: dict[str, Summary] = field(default_factory=dict)

    def judged(self, probe: str, kernel: str, arch: str, record: Record | None) -> Judgement | None:
        """Judge one record; None for a probe that the catalogue does not have."""
        key = probe, kernel, arch, id(record)
        found = self._judged.get(key)
        if found is None:
            known = self.catalogue.probes.get(probe)
            if known is None:
                return None
            found = judge(known, self.kernels[kernel].version, arch, record)
            found = self._judged[key] = configured_out(found, self._unset(known, kernel, arch))
        return found

    def _unset(self, probe: Probe, kernel: str, arch: str) -> tuple[str, ...]:
        """Return the options that a probe names, where the kernel's configuration is known and sets none of them."""
        key = kernel, arch, probe.config
        if probe.config and key not in self._options:
            config = self.stored.config(kernel, arch)
            some = any(option_value(config, option) != "n" for option in probe.config)
            self._options[key] = () if some or not config else probe.config
        return self._options.get(key, ())

    def of(self, behaviour: Behaviour) -> Summary:
        """Return what all cells together say about a behaviour; its probes' verdicts are made with it."""
        if behaviour.id not in self._summaries:
            everything: Judged = []
            for probe in behaviour.probes:
                judged = self._collect(probe)
                self._summaries[probe] = summary(judged, self.order)
                everything += judged
            self._summaries[behaviour.id] = summary(everything, self.order)
        return self._summaries[behaviour.id]

    def of_probe(self, probe: str) -> Summary:
        """Return what all cells together say about a probe, once its behaviour has been asked for."""
        return self._summaries[probe]

    def _collect(self, probe: str) -> Judged:
        """Judge all records of one probe; equal records of one kernel and architecture are judged once."""
        if probe not in self.catalogue.probes:
            return []
        name = probe.rpartition(".")[2]
        found: Judged = []
        known: dict[tuple[str, str, int], Judgement | None] = {}
        for kernel, arch, variant, label, records in self._cells:
            record = records.get(probe)
            if record is None:
                continue
            key = kernel, arch, id(record)
            if key not in known:
                known[key] = self.judged(probe, kernel, arch, record)
            judged = known[key]
            if judged:
                found.append((Place(label, arch, variant, name), judged))
        return found

    @cached_property
    def _cells(self) -> list[tuple[str, str, str, str, Mapping[str, Record]]]:
        """Every cell's name and records, with the kernel's label."""
        cells = self.stored.cells.items()
        return [(*key, self.labels[key[0]], cell.records) for key, cell in cells if cell.info.answered]
