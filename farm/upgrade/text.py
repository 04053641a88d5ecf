"""The answer to an upgrade as text for a terminal, at most 100 columns wide."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence

from farm.diff import ENDING, Group, by_behaviour, by_reason, counts, missing_text, probes_text, value_text, where_text
from farm.diff.text import HEADINGS, WIDTH
from farm.upgrade.answer import LEFT_OUT, Answer, Touch, Touched
from farm.visible import visible

EVERY = "Every program: page faults, huge pages, swap and accounting need no call"
NOT_COVERED = "Not covered: it uses these, and no probe looks at them"
SHORT = 50  # letters of what the program does that stand beside a behaviour
MISSING = "Missing: not compared, so nothing is said about these"


def as_text(answer: Answer, everything: str) -> str:
    """Return the answer for people; `everything` is the command that shows the changes that are left out."""
    lines = [f"{answer.diff.old} → {answer.diff.new}{for_whom(answer)}", *_wrap(summary(answer), "", "")]
    lines += [line for note in answer.notes for line in _wrap(f"note: {note}", "", "      ")]
    for label, heading in HEADINGS.items():
        chosen = [one for one in answer.touched if one.group.label == label]
        if chosen:
            lines += ["", heading, "─" * len(heading), *_touched(chosen, answer)]
    if answer.every:
        lines += ["", EVERY, "─" * len(EVERY), *_every(answer)]
    if answer.not_covered:
        lines += ["", NOT_COVERED, "─" * len(NOT_COVERED)]
        width = max(len(times_text(one.times)) for one in answer.not_covered)
        for one in answer.not_covered:
            lines += _wrap(f"{times_text(one.times):>{width}} {visible(one.what)}: {one.why}", "  ", " " * (width + 3))
    if answer.missing:
        lines += ["", MISSING, "─" * len(MISSING)]
        for why, same in by_reason(answer.missing).items():
            lines += [*_wrap(visible(why), "  ", "      "), *_wrap(missing_text(same), "      ", "      ")]
    if answer.left_out:
        lines += ["", *_wrap(left_out_text(answer), "", ""), f"all changes: {everything}"]
    return "\n".join(lines) + "\n"


def for_whom(answer: Answer) -> str:
    """Return whom the answer is for."""
    return f" for {visible(answer.profile.program)}" if answer.profile else ""


def summary(answer: Answer) -> str:
    """Return in a sentence or two what came of it."""
    of = len(answer.touched) + len(answer.every) + sum(answer.left_out.values())
    found = ", ".join(f"{n} {label}" for label, n in counts(one.group for one in answer.touched).items() if n)
    inside = f" ({found})" if found else ""
    places = ", ".join(dict.fromkeys(arch for arch, _ in answer.diff.cells))
    base = f"{answer.diff.compared} records of {len(answer.diff.cells)} cells{f' on {places}' if places else ''}"
    missing = f"; {len(answer.missing)} missing" if answer.missing else ""
    if answer.profile is None:
        return f"{_changes(of)}{inside} in {base}{missing}"
    text = f"{len(answer.touched)} of {_changes(of)} touch what it does{inside}"
    text += f", {len(answer.every)} more meet every program" if answer.every else ""
    things = len(answer.not_covered)
    uncovered = f"; not covered: {things} thing{'s' * (things != 1)} that it uses" if things else ""
    return f"{text}; seen in {base}{missing}{uncovered}"


def _changes(count: int) -> str:
    return f"{count} change{'s' * (count != 1)}"


def left_out_text(answer: Answer) -> str:
    """Return which changes do not touch the program, by reason."""
    reasons = "; ".join(f"{count} {LEFT_OUT[reason]}" for reason, count in answer.left_out.items())
    return f"left out, as they do not touch {visible(answer.profile.program) if answer.profile else 'it'}: {reasons}"


def times_text(times: int) -> str:
    """Return a count as a reader wants it: "1,234×"."""
    return f"{times:,}×"


def touch_text(touch: Touch | None) -> str:
    """Say how often the program does what changed: "22× madvise MADV_DONTNEED"."""
    if touch is None or touch.every:
        return ""
    shown = 2 if len(touch.by) > 1 and len(touch.by[0]) + len(touch.by[1]) <= SHORT else 1
    by = ", ".join((*touch.by[:shown], *["…"] * (len(touch.by) > shown)))
    return f"{times_text(touch.times)} {visible(by)}" + (", perhaps with this flag" if touch.perhaps else "")


def _touched(chosen: Sequence[Touched], answer: Answer) -> Iterator[str]:
    """Yield changes in their order, those of one behaviour together under what the program does."""
    for (behaviour, how), same in by_touch(chosen).items():
        yield ""
        yield from _sides(behaviour, how)
        for one in same:
            yield from _group(one.group, answer)


def by_touch(chosen: Iterable[Touched]) -> dict[tuple[str, str], list[Touched]]:
    """Return the changes of each behaviour and each way of being touched, in the order in which they come."""
    found: dict[tuple[str, str], list[Touched]] = {}
    for one in chosen:
        found.setdefault((one.group.change.behaviour, touch_text(one.touch)), []).append(one)
    return found


def _every(answer: Answer) -> Iterator[str]:
    """Yield the changes that touch every program."""
    for behaviour, same in by_behaviour(answer.every).items():
        yield ""
        yield behaviour
        for one in same:
            yield from _group(one, answer, labelled=True)


def _group(one: Group, answer: Answer, *, labelled: bool = False) -> Iterator[str]:
    """Yield the lines of one change."""
    label = f"{one.label}; " if labelled else ""
    yield from _sides(f"  {probes_text(one)}", label + where_text(one.where, answer.diff.cells))
    for change in one.words:
        word = "" if change.word == ENDING else f"{change.word}: "
        yield from _wrap(f"{word}{value_text(change.old)} → {value_text(change.new)}", "      ", "        ")
    if one.change.because:
        yield from _wrap(f"because: {visible(one.change.because)}", "      ", "        ")


def _sides(left: str, right: str) -> list[str]:
    """Return one text at the left and another at the right, below it where they do not fit."""
    if len(left) + len(right) + 2 <= WIDTH:
        return [f"{left}{right.rjust(WIDTH - len(left))}".rstrip()]
    return [left, *_wrap(right, "      ", "      ")]


def _wrap(text: str, first: str, rest: str) -> list[str]:
    """Wrap one paragraph to the width of a terminal."""
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
