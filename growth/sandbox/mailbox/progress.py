"""Which steps of each message's life are done, kept on disk: four bytes a message, one bit for each step."""

import os
import struct
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

_MARKS = struct.Struct("=I")
_ALL = 1 << 31


class Progress:
    """Marks by message number; they survive the sudden end of the process."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = os.open(folder / "progress", os.O_RDWR | os.O_CREAT, 0o600)
        self._marks = array("I")
        size = os.fstat(self._file).st_size // _MARKS.size
        self._marks.frombytes(os.pread(self._file, size * _MARKS.size, 0))

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)

    def forget_after(self, last: int) -> None:
        """Drop the marks of messages that were never accepted in the end."""
        if len(self._marks) > last:
            del self._marks[last:]
            os.ftruncate(self._file, last * _MARKS.size)

    def is_done(self, number: int, step: int) -> bool:
        """Whether this step of this message is done."""
        return number <= len(self._marks) and bool(self._marks[number - 1] >> step & 1)

    def mark(self, number: int, steps: Iterable[int], *, of: int) -> None:
        """These steps, of so many that there are, are done."""
        while len(self._marks) < number:
            self._marks.append(0)
        marks = self._marks[number - 1]
        for step in steps:
            marks |= 1 << step
        if marks & (1 << of) - 1 == (1 << of) - 1:
            marks |= _ALL
        self._marks[number - 1] = marks
        os.pwrite(self._file, _MARKS.pack(marks), (number - 1) * _MARKS.size)

    def unfinished(self, last: int) -> Iterator[int]:
        """Numbers up to `last` of messages with something left to do, in order."""
        for number in range(1, last + 1):
            if number > len(self._marks) or not self._marks[number - 1] & _ALL:
                yield number
