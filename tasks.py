"""Invoke tasks: names, options and help. What they do is in farm/commands/, imported by the task that needs it."""

from invoke.context import Context

from farm.program import command

RESULTS = {"results": "another results folder"}
CELLS = {
    **RESULTS,
    "matrix": "another matrix file",
    "kernels": "series, versions or names, comma-separated (default: the matrix file's)",
    "arches": "architectures, comma-separated (default: the matrix file's)",
    "variants": "guest configurations, comma-separated (default: the matrix file's)",
    "jobs": "guests at a time (default: one per CPU)",
    "fresh": "run again what is answered",
    "all-probes": "run every probe in every variant",
}
HOST = {
    "yes": "install missing Debian packages without asking (as CI=true does)",
    "offline": "use no network (as FARM_OFFLINE=1)",
}

# One option per line would hide that a task is three lines.
# fmt: off


@command(help={
    **CELLS, **HOST, "repeat": "run every cell so many times and compare the runs",
    "scheduler": "run the cells on the workers of this Dask scheduler, for instance tcp://10.0.0.1:8786",
})
def matrix(
    _: Context, kernels: str = "", arches: str = "", variants: str = "", matrix: str = "", results: str = "",
    jobs: str = "", repeat: str = "1", scheduler: str = "", fresh: bool = False, all_probes: bool = False,
    offline: bool = False, yes: bool = False,
) -> int:
    """Run every cell that has no answer yet, and write the report."""
    from farm.commands.running import Chosen, How, run_matrix
    chosen = Chosen(matrix, kernels, arches, variants, results, jobs)
    return run_matrix(chosen, How(repeat, scheduler, fresh, all_probes), offline=offline, yes=yes)


@command(help=CELLS)
def plan(
    _: Context, kernels: str = "", arches: str = "", variants: str = "", matrix: str = "", results: str = "",
    jobs: str = "", fresh: bool = False, all_probes: bool = False,
) -> int:
    """Show the cells, and which of them are answered already."""
    from farm.commands.running import Chosen, show_plan
    return show_plan(Chosen(matrix, kernels, arches, variants, results, jobs), fresh=fresh, all_probes=all_probes)


@command(help={"arch": "only this architecture", "update": "ask the archive, and move the lock"})
def kernels(_: Context, arch: str = "", update: bool = False) -> int:
    """Show the kernels that there are."""
    from farm.commands.kernels import show_kernels
    return show_kernels(arch=arch, update=update)


@command(positional=["old", "new"], help={
    **RESULTS, "old": "a kernel: 6.1, 6.12.117-1, or a whole name", "new": "the other one",
    "arch": "only this architecture", "variant": "only this guest configuration", "format": "text, json or html",
    "out": "write to this file", "against": "take NEW from this other results folder",
})
def diff(
    _: Context, old: str, new: str, arch: str = "", variant: str = "", format: str = "text", out: str = "",
    results: str = "", against: str = "",
) -> int:
    """Show what changed between two kernels: 0 nothing, 1 something, 2 not comparable."""
    from farm.commands.reading import Sides, show_diff
    return show_diff(Sides(old, new, results, against), arch=arch, variant=variant, shape=format, out=out)


@command(positional=["behaviour"], help={
    **RESULTS, **HOST, "behaviour": "a behaviour, a probe, or probe:word", "arch": "only this architecture",
    "variant": "only this guest configuration", "run": "boot nothing, name what was not tested",
    "format": "text or json",
})
def bisect(
    _: Context, behaviour: str, arch: str = "", variant: str = "", results: str = "", format: str = "text",
    run: bool = True, offline: bool = False, yes: bool = False,
) -> int:
    """Show between which builds a behaviour changed: 0 nowhere, 1 somewhere, 2 something is not answered."""
    from farm.commands.bisecting import Asked, show_bisect
    return show_bisect(Asked(behaviour, arch, variant, results, format), run=run, offline=offline, yes=yes)


@command(loose=["old", "new"], help={
    **RESULTS, **HOST, "old": "a kernel, or host: for this machine's own (default: the running one)",
    "new": "the other one (default: the one that apt would install)", "profile": "what the program uses",
    "arch": "an architecture (default: this machine's)", "run": "do not run missing cells, name them",
    "format": "text or html", "out": "write to this file",
})
def upgrade(
    _: Context, old: str = "", new: str = "", profile: str = "", arch: str = "", results: str = "",
    format: str = "text", out: str = "", run: bool = True, offline: bool = False, yes: bool = False,
) -> int:
    """Show what an upgrade changes for a program: 0 nothing, 1 something, 2 not comparable or cells missing."""
    from farm.commands.upgrading import Asked, show_upgrade
    return show_upgrade(Asked(old, new, profile, arch, results, format, out), run=run, offline=offline, yes=yes)


@command(positional=["log"], help={
    "log": "what strace -f -o LOG wrote (-ff and -c too)", "program": "its name (default: the log's)",
    "out": "write to this file",
})
def profile(_: Context, log: str, program: str = "", out: str = "") -> int:
    """Count what a program uses of memory, for `upgrade --profile`."""
    from farm.commands.profiling import make_profile
    return make_profile(log, program=program, out=out)


@command(help={**RESULTS, "out": "another folder than report/", "base": "the address where it is published"})
def report(_: Context, out: str = "", results: str = "", base: str = "") -> int:
    """Write the report: a static site that opens without a server."""
    from farm.commands.reading import write_report
    return write_report(out=out, folder=results, base=base)


@command(help={
    **RESULTS, "format": "bcd, csv, junit, kcidb, ktap or squad", "kernels": "only these: series, versions or names",
    "arches": "only these architectures", "variants": "only these guest configurations",
    "out": "a file, or a folder (with a slash at its end) for formats of many files", "base": "the site's address",
    "origin": "the name of this farm in KCIDB",
})
def export(
    _: Context, format: str, kernels: str = "", arches: str = "", variants: str = "", out: str = "",
    results: str = "", base: str = "", origin: str = "memory_farm",
) -> int:
    """Write results in a format that others read: 0 all is there, 2 something in it is missing."""
    from farm.commands.exporting import export_results
    return export_results(format, (kernels, arches, variants), out=out, folder=results, base=base, origin=origin)


@command(positional=["scheduler"], help={
    "scheduler": "its address, for instance tcp://10.0.0.1:8786", "jobs": "guests at a time (default: one per CPU)",
})
def worker(_: Context, scheduler: str, jobs: str = "") -> int:
    """Offer this machine to a Dask scheduler; `./inv matrix --scheduler` runs cells on it."""
    from farm.commands.spread import offer
    return offer(scheduler, jobs=jobs)


@command(loose=["folders*"], iterable=["folders"], help={
    "folders": "results folders of other machines", "results": "into this folder instead of the matrix file's",
    "check": "only say what would happen",
})
def merge(_: Context, folders: list[str], results: str = "", check: bool = False) -> int:
    """Join results folders: 0 done, 2 something was refused or is there with other answers."""
    from farm.commands.publishing import merge_results
    return merge_results(folders, folder=results, check=check)


@command(positional=["out"], help={
    **RESULTS, "out": "the folder that static hosting serves", "data": "formats of data (default: bcd)",
    "base": "the site's address, for formats that name pages",
})
def publish(_: Context, out: str, results: str = "", data: str = "", base: str = "") -> int:
    """Write the site and its data into a folder; what stayed equal is not touched."""
    from farm.commands.publishing import publish_results
    return publish_results(out, folder=results, data=data, base=base)


@command(positional=["cell"], help={"cell": "<kernel>/<arch>/<variant>, for instance 6.12/arm64/plain", **HOST})
def shell(_: Context, cell: str, offline: bool = False, yes: bool = False) -> int:
    """Open a shell in the guest of a cell."""
    from farm.commands.running import open_shell
    return open_shell(cell, offline=offline, yes=yes)


@command()
def doctor(_: Context) -> int:
    """Show what this host lacks, and the command that installs it."""
    from farm.commands.host import examine
    return examine()


@command(help={"all": "the long ones too", "yes": HOST["yes"]})
def test(_: Context, all: bool = False, yes: bool = False) -> int:
    """Run everything that CI runs: linters, unit tests, a build of the checker, guests."""
    from farm.commands.host import run_tests
    return run_tests(everything=all, yes=yes)


@command()
def lint(_: Context) -> int:
    """Run the linters alone."""
    from farm.commands.host import run_linters
    return run_linters()


@command(help={"arch": "the boots of these architectures alone", **HOST})
def bench(_: Context, arch: str = "", offline: bool = False, yes: bool = False) -> int:
    """Measure the figures that the farm promises, as ratios."""
    from farm.commands.bench import measure
    return measure(arch=arch, offline=offline, yes=yes)
