"""The command line: Invoke's program with our exit statuses, and the decorator that gives tasks the same.

0 is good news, 1 and 2 are a task's own answers, 3 is our failure: Invoke's and Python's own 1 must not look like
"some changes". One line says what is wrong; a traceback goes to a file (or to the terminal with FARM_DEBUG=1).
"""

from __future__ import annotations

import difflib
import functools
import inspect
import os
import sys
import tomllib
import traceback
from collections.abc import Callable, Sequence
from typing import Any, Concatenate, ParamSpec

from invoke.context import Context
from invoke.exceptions import Exit, ParseError, UnexpectedExit
from invoke.program import Program
from invoke.tasks import Task, task

from farm.errors import AtOnceError, FarmError
from farm.settings import ROOT, cache_dir

FAILED = 3
INTERRUPTED = 130  # 128 + SIGINT, as shells have it
PIPE_CLOSED = 141  # 128 + SIGPIPE
TAIL_LINES = 15

P = ParamSpec("P")


def say(text: str) -> None:
    """Print one line to the user, beside the task's output."""
    print(f"inv: {text}", file=sys.stderr)


def one_line(error: FarmError) -> str:
    """Return an error as its user sees it: what is wrong; what to do."""
    return "; ".join(" ".join(part.split()) for part in (error.message, error.hint) if part)


def status_of(body: Callable[[], int | None]) -> int:
    """Run `body` and return its exit status; whatever it raises is said in one line."""
    try:
        status = body() or 0
        sys.stdout.flush()
    except FarmError as error:
        say(one_line(error))
        for line in error.tail.splitlines()[-TAIL_LINES:]:
            print(f"    {line}", file=sys.stderr)
        return FAILED
    except AtOnceError:
        say("stopped at once; what was finished is kept")
        sys.stderr.flush()
        # Threads still hold guests, and Python would wait for them; guests die with this process.
        os._exit(INTERRUPTED)
    except KeyboardInterrupt:
        say("interrupted; what was finished is kept")
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read us has enough (| head). Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except Exception as error:  # noqa: BLE001 - the last line of defence: nothing else may exit with 1
        say(f"a fault of the farm itself: {type(error).__name__}: {' '.join(str(error).split())}; {_keep_traceback()}")
        return FAILED
    return status


def _keep_traceback() -> str:
    """Keep the traceback that is being handled for a report of the fault; return where it is."""
    if os.environ.get("FARM_DEBUG"):
        traceback.print_exc()
    file = cache_dir() / "last-error.txt"
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(traceback.format_exc())
    except OSError:
        return "FARM_DEBUG=1 shows where"
    return f"the traceback is in {file}"


class Command(Task[Any]):
    """A task of ours; `loose` names options that may be given without their names, "*" after one of many values."""

    loose: tuple[str, ...] = ()


def command(
    *, loose: Sequence[str] = (), **options: object
) -> Callable[[Callable[Concatenate[Context, P], int | None]], Command]:
    """Make a function that returns an exit status an Invoke task; plain `invoke` then answers like ./inv.

    Long options only: a short one, once given, could never change its meaning. `loose` options may be given without
    their names, in this order; Invoke itself knows such words only where they must be given.
    """

    def decorate(body: Callable[Concatenate[Context, P], int | None]) -> Command:
        @functools.wraps(body)
        def guarded(context: Context, *args: P.args, **kwargs: P.kwargs) -> None:
            status = status_of(lambda: body(context, *args, **kwargs))
            if status:
                raise Exit(code=status)

        made: Command = task(auto_shortflags=False, klass=Command, **options)(guarded)
        made.loose = tuple(loose)
        return made

    return decorate


def takes_value(task: Task[Any], word: str) -> bool:
    """Whether `word` is an option of the task whose value is the next word."""
    name = word.removeprefix("--").replace("-", "_")
    found = inspect.signature(task.body).parameters.get(name) if word.startswith("--") else None
    return found is not None and not isinstance(found.default, bool)


class Farm(Program):
    """Invoke's program, which finds tasks.py beside this package and answers a wrong command line with 3."""

    def load_collection(self) -> None:
        """Load the farm's tasks, wherever the user is."""
        # Invoke turns this on for every program that does not ask otherwise; ours would compile itself at each start.
        sys.dont_write_bytecode = False
        self.args["search-root"].value = str(ROOT)
        super().load_collection()

    def parse_tasks(self) -> None:
        """Read the tasks and their options, after loose words got the names of the options that they are."""
        self.core.unparsed = self.named(self.core.unparsed)
        super().parse_tasks()

    def named(self, words: Sequence[str]) -> list[str]:
        """Put the name of its option before each loose word of the first task."""
        task = self.collection[words[0]] if words and words[0] in self.collection.task_names else None
        # No isinstance: run as a program, this module is not the one that the tasks' classes are from.
        left = list(getattr(task, "loose", ()))
        found, waiting = list(words[:1]), False
        for word in words[1:]:
            if left and not waiting and not word.startswith("-"):
                found.append(f"--{left[0].rstrip('*')}")
                left = left if left[0].endswith("*") else left[1:]
            waiting = task is not None and not waiting and takes_value(task, word)
            found.append(word)
        return found

    def run(self, argv: list[str] | None = None, exit: bool = True) -> None:  # noqa: A002 - Invoke's own
        """Run what the command line asks for and exit with its status."""
        status = status_of(lambda: self._status(argv))
        if exit:
            sys.exit(status)

    def _status(self, argv: list[str] | None) -> int:
        try:
            self.create_config()
            self.parse_core(argv)
            self.parse_collection()
            self.parse_tasks()
            self.parse_cleanup()
            self.update_config()
            self.execute()
        except ParseError as error:
            say(self.usage(error))
            return FAILED
        except UnexpectedExit as error:
            say(f"{error.result.command}: exit status {error.result.exited}")
            return FAILED
        except Exit as error:
            # Ours carry a status and have said everything already; those with a message are Invoke's own complaints.
            if error.message:
                say(error.message)
            return FAILED if error.message else int(error.code)
        return 0

    def no_tasks_given(self) -> None:
        """Show what can be asked for, instead of Invoke's own options."""
        print("./inv TASK [OPTIONS], for instance ./inv matrix; ./inv TASK --help shows a task's options.\n")
        self.list_tasks()
        raise Exit

    def print_version(self) -> None:
        """Print the farm's version."""
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        print(f"{project['name']} {project['version']}")

    def usage(self, error: ParseError) -> str:
        """Return what is wrong with the command line, with the nearest word that it could have been."""
        text = " ".join(str(error).split())
        if not text.startswith("No idea what '"):
            return text
        word = text.removeprefix("No idea what '").split("'")[0]
        task = error.context.name if error.context is not None else None
        if word.startswith("-"):
            known, what = list(error.context.flags) if error.context is not None else [], f"option {word!r}"
        else:
            known, what = list(self.collection.task_names), f"task {word!r}"
        if task and not word.startswith("-"):
            return f"{task} takes no {word!r} here; ./inv {task} --help shows what it takes"
        nearest = difflib.get_close_matches(word, known, n=1, cutoff=0.0)
        return f"unknown {what}; " + (f"did you mean {nearest[0]}?" if nearest else f"{task} has no options")


def main() -> None:
    """Run the command line; never returns."""
    Farm(name="inv", binary="inv").run()


if __name__ == "__main__":
    main()
