"""One-off work in a process of its own, so that its memory is given back."""

import os
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any, TypeVar

from growth.errors import GrowthError, PermanentError
from growth.locales import N_
from growth.running.failures import in_words
from growth.running.forking import CONTEXT, begin

Result = TypeVar("Result")


def errand(work: Callable[..., Result], *arguments: Any, inherited: Sequence[int] = ()) -> Result:
    """Run `work` in a child and give back what it gives; both have to be picklable.

    Raises PermanentError with the child's own sentence, or saying that it ended before it was done.
    """
    ours, theirs = CONTEXT.Pipe(duplex=False)
    process = CONTEXT.Process(target=_live, args=(work, arguments, os.getpid(), theirs, tuple(inherited)))
    process.start()
    theirs.close()
    try:
        done, value = ours.recv()
    except EOFError:
        raise PermanentError(N_("The preparations ended before they were done.")) from None
    finally:
        process.kill()
        process.join()
        ours.close()
    if not done:
        raise PermanentError(N_("%(words)s"), words=value)
    result: Result = value
    return result


def _live(
    work: Callable[..., Any], arguments: tuple[Any, ...], parent: int, answer: Connection, inherited: Sequence[int]
) -> None:
    begin(parent, inherited)
    try:
        answer.send((True, work(*arguments)))
    except Exception as error:
        words = error if isinstance(error, GrowthError) else in_words(error)
        if words is None:
            raise  # a fault of ours: its traceback is all there is to say
        answer.send((False, str(words)))
