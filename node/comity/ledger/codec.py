"""Reading length-prefixed binary forms strictly: every byte is accounted for, big-endian throughout."""

from comity.errors import Malformed


class Cursor:
    """A position in bytes. Every read raises `Malformed` when the bytes run out."""

    __slots__ = ("_at", "_data", "_what")

    def __init__(self, data: bytes, what: str) -> None:
        self._data = data
        self._at = 0
        self._what = what

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes."""
        start, end = self._at, self._at + count
        if end > len(self._data):
            raise Malformed(f"{self._what}: it is cut off")
        self._at = end
        return self._data[start:end]

    def number(self, width: int) -> int:
        """Return the next unsigned number of `width` bytes."""
        return int.from_bytes(self.take(width), "big")

    def sized(self, width: int) -> bytes:
        """Return bytes that follow their length of `width` bytes."""
        return self.take(self.number(width))

    def tag(self, expected: bytes) -> None:
        """Read the tag that tells forms and their versions apart."""
        if self.take(len(expected)) != expected:
            raise Malformed(f"{self._what}: it does not begin with the tag of a known version")

    @property
    def done(self) -> bool:
        """Whether all bytes are read."""
        return self._at == len(self._data)

    def finish(self) -> None:
        """Refuse bytes that are left over."""
        if not self.done:
            raise Malformed(f"{self._what}: bytes are left over at its end")


def sized(data: bytes, width: int) -> bytes:
    """Return `data` behind its length of `width` bytes."""
    return len(data).to_bytes(width, "big") + data
