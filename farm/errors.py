"""What can go wrong, and whose fault it is; the type carries the blame.

    FarmError
    ├── PlanError            the user asked for something that does not exist (typo, unknown key)
    ├── InfraError           our host, our network, our disk
    │   ├── FetchError       an archive, a digest, a signature
    │   ├── ImageError       an initramfs or a disk image could not be made
    │   ├── QemuError        QEMU is missing, refuses its arguments, or went away
    │   └── ResultsError     a results folder that cannot be read or written
    ├── GuestError           the kernel under test
    │   ├── BootError        it never came up
    │   ├── PanicError       it panicked: a result, with its console tail
    │   └── LostError        it was there, and went away
    └── CheckerError         our own program in the guest
        ├── BuildError       it does not build
        └── ProtocolError    it printed what the protocol does not allow

Every error says what is wrong, where, and, as `hint`, what to do about it.
"""


class FarmError(Exception):
    """Base of all errors that are reported to the user as one line, without a traceback.

    `hint` is what the user can do; `tail` is evidence (the last console lines, a stderr), may be long.
    """

    def __init__(self, message: str, *, hint: str = "", tail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.tail = tail

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class AtOnceError(KeyboardInterrupt):
    """The user asked a second time to stop: nothing is waited for any more."""


class PlanError(FarmError):
    """The user asked for something that is not there."""


class InfraError(FarmError):
    """Our own surroundings failed; says nothing about the kernel under test."""


class FetchError(InfraError):
    """A download, a digest or a signature failed."""


class ImageError(InfraError):
    """An initramfs or disk image could not be made."""


class QemuError(InfraError):
    """QEMU is missing, refused its arguments or went away by itself."""


class ResultsError(InfraError):
    """A results folder cannot be read or written."""


class GuestError(FarmError):
    """The kernel under test did something; this is a result."""


class BootError(GuestError):
    """The guest did not come up before its deadline."""


class PanicError(GuestError):
    """The guest's kernel panicked."""


class LostError(GuestError):
    """The guest was up and went away."""


class CheckerError(FarmError):
    """Our own program in the guest failed."""


class BuildError(CheckerError):
    """The checker does not build."""


class ProtocolError(CheckerError):
    """The checker printed what the record protocol does not allow."""
