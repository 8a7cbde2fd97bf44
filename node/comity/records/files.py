"""Files that records come from: FollowTheMoney JSON lines, CSV by a mapping; and the file of rejects."""

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from comity.errors import Malformed
from comity.records.importing import Line, Reject
from comity.records.mapping import Mapping

_UNDECODED = re.compile("[\udc80-\udcff]")
MAX_LINE = 4_000_000
"""Bytes of the longest line that is read."""


def json_lines(path: Path, advance: Callable[[int], None]) -> Iterator[Line]:
    """Yield the lines of a JSON lines file; `advance` is told the bytes read. Empty lines are passed over."""
    with path.open("rb") as file:
        number = 0
        while raw := file.readline(MAX_LINE + 1):
            number += 1
            size = len(raw)
            while len(raw) > MAX_LINE and not raw.endswith(b"\n") and (more := file.readline(MAX_LINE)):
                size += len(more)
                raw = raw[:MAX_LINE] + more[-1:]
            advance(size)
            if size > MAX_LINE:
                yield Line(number, problem=f"is longer than {MAX_LINE} bytes")
            elif raw.strip():
                yield _line(number, raw)


def csv_lines(path: Path, mapping: Mapping, advance: Callable[[int], None]) -> Iterator[Line]:
    """Yield the entities that a mapping makes of a CSV file; `advance` is told the bytes read."""
    with path.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
        told = 0
        reader = csv.DictReader(_counted(file), strict=True)
        missing = mapping.columns - set(reader.fieldnames or ())
        if missing:
            raise Malformed(f"{path.name} has no column {', '.join(sorted(missing))}, which the mapping names")
        rows = iter(reader)
        while True:
            try:
                row = next(rows)
            except StopIteration:
                break
            except csv.Error:
                yield Line(reader.line_num, problem="is not readable as CSV, nor is what follows: mend its quotes")
                break  # after a broken quote nothing can be told apart
            position = min(file.buffer.tell(), path.stat().st_size)  # type: ignore[attr-defined]
            advance(position - told)
            told = position
            yield from _row_lines(reader.line_num, row, mapping)


class RejectsFile:
    """`FILE.rejected.jsonl`: one line for each reject, readable by its owner only; made when the first one comes.

    One that an earlier import of the same file left behind is deleted at the start.
    """

    def __init__(self, source: Path) -> None:
        self.path = source.with_name(f"{source.name}.rejected.jsonl")
        self.written = 0
        self._file: IO[str] | None = None

    def __enter__(self) -> Self:
        self.path.unlink(missing_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def add(self, rejects: list[Reject]) -> None:
        """Write rejects with line number, every reason, and the line; raises `Malformed` where no file can be made."""
        for reject in rejects:
            if self._file is None:
                self._file = self._make()
            row = {
                "line": reject.line.number,
                "reasons": [{"field": each.field, "problem": each.problem} for each in reject.violations],
                "text": reject.line.text,
            }
            self._file.write(json.dumps(row, ensure_ascii=False) + "\n")
            self.written += 1

    def _make(self) -> IO[str]:
        try:
            handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        except OSError as cause:
            raise Malformed(
                f"{self.path} cannot be written, and there are lines to reject: import from a folder you may write to"
            ) from cause
        return os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")


def _line(number: int, raw: bytes) -> Line:
    try:
        text = raw.decode("utf-8-sig" if number == 1 else "utf-8").strip()
    except UnicodeDecodeError:
        return Line(number, problem="is not UTF-8", text=raw.decode("utf-8", "replace").strip())
    try:
        return Line(number, json.loads(text), text=text)
    except (ValueError, RecursionError):
        return Line(number, problem="is not JSON", text=text)


def _row_lines(number: int, row: dict[Any, Any], mapping: Mapping) -> Iterator[Line]:
    text = json.dumps(list(row.values()), ensure_ascii=False)
    if _UNDECODED.search(text):
        yield Line(number, problem="is not UTF-8", text=text)
        return
    if None in row:
        yield Line(number, problem="has more cells than the header has columns", text=text)
        return
    for document, problem in mapping.made_of(row):
        yield Line(number, document, problem, text)


def _counted(file: IO[str]) -> Iterator[str]:
    """Yield lines by `readline`, so that the file's position may be asked for between them."""
    while line := file.readline():
        yield line
