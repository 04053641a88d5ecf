"""What changes for a program from one kernel to another: `answer` a diff for a profile, `as_text` shows it."""

from farm.upgrade.answer import LEFT_OUT, Answer, NotCovered, Touch, Touched, Toucher, answer
from farm.upgrade.text import as_text, by_touch, left_out_text, summary, times_text, touch_text

__all__ = [
    "LEFT_OUT",
    "Answer",
    "NotCovered",
    "Touch",
    "Touched",
    "Toucher",
    "answer",
    "as_text",
    "by_touch",
    "left_out_text",
    "summary",
    "times_text",
    "touch_text",
]
