"""What a program uses of memory: `record` makes a profile of strace's logs, `load` and `as_text` are its file."""

from farm.profile.counted import STRACE, Profile, Use, record
from farm.profile.file import as_text, load

__all__ = ["STRACE", "Profile", "Use", "as_text", "load", "record"]
