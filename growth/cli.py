"""The command line: every group of commands in `growth/commands/`, and what a failure looks like."""

import importlib
import os
import pkgutil
import sys

import typer

from growth import commands
from growth.errors import GrowthError

app = typer.Typer(
    name="growth",
    help="Growth and marketing automation for a two-sided marketplace.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for found in sorted(pkgutil.iter_modules(commands.__path__), key=lambda one: one.name):
    module = importlib.import_module(f"{commands.__name__}.{found.name}")
    if hasattr(module, "add"):
        module.add(app)


def main() -> None:
    """Run a command. What a person can put right is one sentence on stderr and exit status 1."""
    try:
        app()
    except BrokenPipeError:  # the reader, `head` perhaps, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except Exception as error:
        if not isinstance(error, GrowthError):
            from growth.running.failures import in_words  # noqa: PLC0415 - only a failure pays for it

            words = in_words(error)
            if words is None:
                raise
            error = words
        print(error, file=sys.stderr)  # noqa: T201 - this is the console
        sys.exit(1)


if __name__ == "__main__":
    main()
