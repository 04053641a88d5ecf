"""Profiles: what is counted in logs of a real strace and in made-up ones, whatever its options were."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import example, given, strategies as st

from farm import catalogue, profile
from farm.catalogue import GUEST
from farm.commands.profiling import logs, make_profile
from farm.errors import PlanError
from farm.profile import Profile, words
from farm.profile.log import LINE_LIMIT, PENDING_LIMIT, Reader, bounded_lines
from farm.settings import ROOT

RECORDED = Path(__file__).parent / "data" / "strace"
# One command under strace 6.1 with other options each time; the kernel did the same for all of them.
LIKE_PLAIN = ("times.log", "relative.log", "pointer.log", "paths.log", "both.log", "verbose.log", "stderr.log", "each")


def of_text(tmp_path: Path, text: str | bytes) -> Profile:
    log = tmp_path / "log"
    log.write_bytes(text if isinstance(text, bytes) else text.encode())
    return profile.record("made_up", [log])


def counted(found: Profile, call: str) -> dict[str, int]:
    """Return how often each set of flags of a call was counted."""
    return {"?" if u.flags is None else "|".join(sorted(u.flags)): u.times for u in found.uses if u.call == call}


def recorded(name: str) -> Profile:
    return profile.record("sh", logs(RECORDED / name))


def test_a_recorded_log_is_counted() -> None:
    found = recorded("plain.log")
    assert (48, 43, 0, "strace") == (found.lines, found.calls, found.not_understood, found.source)
    assert {"PROT_READ": 6} == counted(found, "mprotect")
    assert 2 == counted(found, "mmap")["MAP_DENYWRITE|MAP_FIXED|MAP_PRIVATE|PROT_EXEC|PROT_READ"]
    assert {"/proc/PID/smaps": 1} == found.files


@pytest.mark.parametrize("name", LIKE_PLAIN)
def test_options_of_strace_do_not_change_what_is_counted(name: str) -> None:
    plain, other = recorded("plain.log"), recorded(name)
    assert (plain.uses, plain.files, plain.calls) == (other.uses, other.files, other.calls)
    assert 0 == other.not_understood


def test_stack_frames_belong_to_no_call() -> None:
    assert (7, 0) == (recorded("stacks.log").calls, recorded("stacks.log").not_understood)


@pytest.mark.parametrize("name", ["summary.log", "columns.log"])
def test_a_summary_tells_calls_and_no_flags(name: str) -> None:
    found, plain = recorded(name), recorded("plain.log")
    assert "strace -c" == found.source
    assert {"?": sum(counted(plain, "mmap").values())} == counted(found, "mmap")
    assert counted(plain, "brk") == counted(found, "brk")


def test_raw_numbers_are_flags_that_nobody_told() -> None:
    found = recorded("raw.log")
    assert {"?": 17} == counted(found, "mmap")
    assert {"": 3} == counted(found, "munmap")


LINES = {
    "mmap(NULL, 8192, PROT_READ, MAP_PRIVATE|MAP_STACK, -1, 0) = 0x7f1": ("mmap", "MAP_PRIVATE|MAP_STACK|PROT_READ"),
    "mmap2(NULL, 4096, PROT_READ, MAP_SHARED, 3, 0) = 0xb6f3a000": ("mmap", "MAP_SHARED|PROT_READ"),
    "[pid  77] madvise(0x7f, 4096, MADV_FREE) = -1 EINVAL (Invalid argument)": ("madvise", "MADV_FREE"),
    "77    0.000012 madvise(0x7f, 4096, 0x19 /* MADV_??? */) = 0 <0.1>": ("madvise", "0x19"),
    "mmap(NULL, 2097152, PROT_READ, MAP_PRIVATE|MAP_HUGETLB|21<<MAP_HUGE_SHIFT, -1, 0) = 0x7f": (
        "mmap",
        "MAP_HUGETLB|MAP_HUGE_2MB|MAP_PRIVATE|PROT_READ",
    ),
    "mmap(0x1, 1, PROT_READ, MAP_PRIVATE|0x4000000, -1, 0) = 0x7f": ("mmap", "0x4000000|MAP_PRIVATE|PROT_READ"),
    "mmap(0x1, 1, PROT_READ, MAP_SHARED, 3</tmp/a, MAP_FIXED) = 0>, 0) = 0x7f": ("mmap", "MAP_SHARED|PROT_READ"),
    'memfd_create("MFD_HUGETLB, \\") = 3", MFD_CLOEXEC) = 3': ("memfd_create", "MFD_CLOEXEC"),
    'prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, 0x7f, 4096, "heap") = 0': ("prctl", "PR_SET_VMA|PR_SET_VMA_ANON_NAME"),
    "prctl(0x46 /* PR_??? */, 0x1, 0, 0, 0) = 0": ("prctl", "0x46"),
    "ioctl(3, _IOC(_IOC_READ|_IOC_WRITE, 0x66, 0x10, 0x60), 0x7ff) = 0": ("ioctl", "PAGEMAP_SCAN"),
    "ioctl(3, UFFDIO_REGISTER, {range={start=0x7f, len=0x1}, mode=UFFDIO_REGISTER_MODE_WP, ioctls=0}) = 0": (
        "ioctl",
        "UFFDIO_REGISTER|UFFDIO_REGISTER_MODE_WP",
    ),
    "clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7f) = 78": ("fork", ""),
    "shmget(0x123, 56, IPC_CREAT|IPC_EXCL|0600) = 0": ("shmget", "IPC_CREAT|IPC_EXCL"),
    "shmget(IPC_PRIVATE, 56, SHM_HUGETLB|21<<SHM_HUGE_SHIFT|0600) = 0": (
        "shmget",
        "IPC_PRIVATE|SHM_HUGETLB|SHM_HUGE_2MB",
    ),
    "prlimit64(0, RLIMIT_MEMLOCK, NULL, {rlim_cur=8, rlim_max=8}) = 0": ("prlimit64", "RLIMIT_MEMLOCK"),
}  # fmt: skip


@pytest.mark.parametrize("line", LINES)
def test_a_line_is_one_use(line: str, tmp_path: Path) -> None:
    call, flags = LINES[line]
    assert {flags: 1} == counted(of_text(tmp_path, line + "\n"), call)


OTHERS = (
    "clone(child_stack=0x7f, flags=CLONE_VM|CLONE_FS|CLONE_THREAD) = 78",
    'prctl(PR_SET_NAME, "PR_SET_MM") = 0',
    "ioctl(1, TCGETS, {B38400 opost isig icanon echo ...}) = 0",
    "prlimit64(0, RLIMIT_NOFILE, NULL, {rlim_cur=1024, rlim_max=4096}) = 0",
    "futex(0x7f, FUTEX_WAKE_PRIVATE, 1) = 0",
    'openat(AT_FDCWD, "/etc/passwd", O_RDONLY) = 3',
)


@pytest.mark.parametrize("line", OTHERS)
def test_other_uses_of_a_call_are_none_of_memory(line: str, tmp_path: Path) -> None:
    found = of_text(tmp_path, line + "\n")
    assert (1, (), {}) == (found.calls, found.uses, found.files)


PATHS = {
    "/proc/self/smaps": "/proc/PID/smaps",
    "/proc/4711/task/4712/smaps_rollup": "/proc/PID/smaps_rollup",
    "/proc/sys/vm/overcommit_memory": "/proc/sys/vm/overcommit_memory",
    "/sys/kernel/mm/transparent_hugepage/enabled": "/sys/kernel/mm/transparent_hugepage/enabled",
    "/sys/fs/cgroup/memory/user.slice/private-name/memory.stat": "/sys/fs/cgroup/memory.stat",
    "/sys/devices/system/node/node1/meminfo": "/sys/devices/system/node/meminfo",
    "/dev/shm/a-name-of-somebody": "/dev/shm",
}


@pytest.mark.parametrize("path", PATHS)
def test_files_are_counted_without_names_of_processes_and_places(path: str, tmp_path: Path) -> None:
    assert {PATHS[path]: 1} == of_text(tmp_path, f'openat(AT_FDCWD</home>, "{path}", O_RDONLY) = 3\n').files


def test_an_interrupted_call_is_put_together(tmp_path: Path) -> None:
    found = of_text(
        tmp_path,
        "[pid 1] madvise(0x7f, 4096, MADV_COLD <unfinished ...>\n"
        "[pid 2] madvise(0x7e, 4096, MADV_FREE <unfinished ...>\n"
        "[pid 1] <... madvise resumed>)            = 0\n"
        "[pid 2] <... madvise resumed>)            = -1 EINVAL (Invalid argument)\n",
    )
    assert {"MADV_COLD": 1, "MADV_FREE": 1} == counted(found, "madvise")
    assert {"madvise": {"EINVAL": 1}} == found.failed


def test_a_log_that_breaks_off_keeps_the_call_that_it_breaks_off_in(tmp_path: Path) -> None:
    found = of_text(tmp_path, "1 munmap(0x7f, 4096) = 0\n1 madvise(0x7f, 1, MADV_COLD <unfinished ...>\n1 mmap(NU")
    assert ({"": 1}, {"MADV_COLD": 1}, 1) == (counted(found, "munmap"), counted(found, "madvise"), found.not_understood)


def test_a_log_without_its_beginning_does_not_tell_the_flags_of_the_first_call(tmp_path: Path) -> None:
    assert {"?": 1} == counted(of_text(tmp_path, "<... madvise resumed>) = 0\n"), "madvise")


def test_lines_that_are_not_understood_are_counted(tmp_path: Path) -> None:
    found = of_text(
        tmp_path, "warning: something\nmunmap(0x7f, 4096) = 0\n\x00\xff\n--- SIGSEGV {si_signo=SIGSEGV} ---\n"
    )
    assert (4, 1, 2) == (found.lines, found.calls, found.not_understood)


@pytest.mark.parametrize("text", ["", "no log\n", "\x7fELF\x02\x01", "int main(void)\n{\n\treturn f(3);\n}\n"])
def test_what_is_no_log_at_all_is_refused(text: str, tmp_path: Path) -> None:
    with pytest.raises(PlanError, match="no strace log"):
        of_text(tmp_path, text)


def test_a_line_without_end_takes_bounded_memory() -> None:
    lines = list(bounded_lines(io.BytesIO(b"x" * (5 * LINE_LIMIT) + b"\nmunmap(0x7f, 1) = 0\n")))
    assert [LINE_LIMIT, len("munmap(0x7f, 1) = 0\n")] == [len(line) for line in lines]


def test_calls_that_never_end_take_bounded_memory() -> None:
    reader = Reader()
    text = "".join(f"{pid} read(3 <unfinished ...>\n" for pid in range(PENDING_LIMIT + 10))
    assert PENDING_LIMIT == len(list(reader.read(io.BytesIO(text.encode()))))
    assert 10 == reader.not_understood


def test_flags_that_never_repeat_take_bounded_space(tmp_path: Path) -> None:
    lines = (f"mmap(NULL, 1, PROT_READ, MAP_PRIVATE|{1 << 14 | n:#x}, -1, 0) = 0x7f\n" for n in range(1000))
    found = counted(of_text(tmp_path, "".join(lines)), "mmap")
    assert (301, 700) == (len(found), found["?"])


PIECES = st.sampled_from(
    (
        *(
            "mmap(",
            "madvise(",
            "[pid 12] ",
            "77 ",
            "12:00:01.5 ",
            "PROT_READ|",
            "MADV_FREE",
            "<unfinished ...>",
            ") = 0",
        ),
        *("<... mmap resumed>", "--- SIGSEGV ---", "\n", "\\", "<", ">", " = -1 EINVAL", "0x19 /* MADV_??? */", "\x00"),
        *('"', "é", "% time     seconds  usecs/call     calls    errors syscall\n", "------ ----------- ---------\n"),
    )
)


def small(found: Profile, data: bytes) -> bool:
    return found.calls + found.not_understood <= data.count(b"\n") + 1


@given(st.lists(PIECES, max_size=60).map(lambda parts: "".join(parts).encode()) | st.binary(max_size=500))
@example(b"-" * 4 + b" " + b"-" * 4)
@example(b"mmap(" + b") = 1" * 3000)
def test_no_bytes_crash_the_reader(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    log = tmp_path_factory.getbasetemp() / "fuzzed.log"
    log.write_bytes(data)
    try:
        found = profile.record("fuzzed", [log])
    except PlanError:
        return
    assert found.source == "strace -c" or small(found, data)
    log.write_text(profile.as_text(found), encoding="utf-8")
    assert found == profile.load(log)


def test_a_profile_reads_back_as_it_was_written(tmp_path: Path) -> None:
    found = recorded("verbose.log")
    file = tmp_path / "profile.yaml"
    file.write_text(profile.as_text(found))
    assert found == profile.load(file)


BROKEN = {
    "": "empty",
    "profile: 2\n": "is not 1",
    "profile: 1\nprogam: x\n": "the nearest known one is 'program'",
    "profile: 1\nprogram: x\nsource: strace\nlog: {lines: 1, calls: -1, not_understood: 0}\n": "a number is expected",
    "profile: 1\nprogram: x\nsource: strace\nlog: {lines: 1, calls: 1, not_understood: 0}\ncalls: {open: {'0': 1}}\n": (
        "no memory call"
    ),
    "a: [": "no profile",
    "!!python/object/apply:os.system ['true']": "expected keys",
}


@pytest.mark.parametrize("text", BROKEN)
def test_a_broken_profile_is_refused_with_the_place(text: str, tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text(text)
    with pytest.raises(PlanError) as caught:
        profile.load(file)
    assert BROKEN[text] in str(caught.value)
    assert "broken.yaml" in str(caught.value)


def test_the_command_says_how_much_was_understood(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sh.yaml"
    assert 0 == make_profile(str(RECORDED / "plain.log"), program="sh", out=str(out))
    assert "sh" == profile.load(out).program
    assert "inv: 43 calls, 35 of them about memory\n" == capsys.readouterr().err


def test_a_folder_is_no_log() -> None:
    with pytest.raises(PlanError, match="is a folder"):
        logs(RECORDED)


def calls_of_the_checker() -> Iterable[str]:
    rows = (GUEST / "tables" / "syscalls.def").read_text().splitlines()
    return [row.partition("(")[2].partition(",")[0] for row in rows if row.startswith("SYSCALL(")]


def test_every_call_that_a_behaviour_is_about_is_counted() -> None:
    subjects = {name.partition(".")[0] for name in catalogue.load().behaviours}
    assert [] == sorted(subjects & set(calls_of_the_checker()) - set(words.CALLS))


def test_shipped_profiles_read_well_and_name_no_machine() -> None:
    for path in sorted((ROOT / "profiles").glob("*.yaml")):
        found = profile.load(path)
        assert "/" not in found.program
        assert profile.as_text(found) == path.read_text(encoding="utf-8")
        assert set(found.files) == {words.file_of(f) or f for f in found.files}
