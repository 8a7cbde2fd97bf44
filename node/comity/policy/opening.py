"""Opening a bundle that came from elsewhere: nothing of it counts until all of it is proven. Pure.

1. An archive within bounds, of plain files, in the one form that we write: OPA's reader and ours see the same.
2. Signed, as a whole, by a pinned key (`signing.py`).
3. Exactly what this program builds of its agreements, national modules and suspensions: library, data and digest.

Whether it may follow the bundle in force is not a question of the bundle alone: see `comity.exchange.activation`.
"""

import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from comity.errors import Malformed
from comity.policy import bundle
from comity.policy.agreement import load_agreement
from comity.policy.national import National
from comity.policy.signing import SIGNATURES, Pinned, check_signature, refused

MAX_PACKED = 16 * 1024 * 1024
MAX_BYTES = 64 * 1024 * 1024
MAX_FILES = 4096
MAX_SEQUENCE = 2**53 - 1
_NATIONAL_PATH = re.compile(re.escape(bundle.NATIONAL) + r"([a-z][a-z0-9_]*)/[a-z0-9_/]+\.rego\Z")


@dataclass(frozen=True, slots=True)
class Opened:
    """A proven bundle: its policy set, its place in the order, and the id of the key that signed it."""

    policy: bundle.PolicySet
    sequence: int
    key_id: str

    @property
    def revision(self) -> str:
        """The manifest's revision."""
        return bundle.revision_of(self.policy, self.sequence)


def signed_files(raw: bytes, pinned: Pinned) -> tuple[dict[str, bytes], str]:
    """Return the files of a bundle and the id of the pinned key that signed them; raises `Tampered`.

    They may be those of another version of this program: whoever acts on a bundle opens it.
    """
    files = _files(raw)
    key_id = check_signature(files, pinned)
    files.pop(SIGNATURES)
    return files, key_id


def open_bundle(raw: bytes, pinned: Pinned) -> Opened:
    """Return what is in a bundle; raises `Tampered` saying why it is not taken."""
    files, key_id = signed_files(raw, pinned)
    try:
        manifest, data = json.loads(files[bundle.MANIFEST]), json.loads(files[bundle.DATA])
        sequence, made_with = manifest["metadata"]["sequence"], manifest["metadata"]["library"]
        agreements, offences = data["comity"]["agreements"], data["comity"]["offences"]
    except (ValueError, TypeError, KeyError) as cause:
        raise refused("content", "its manifest or its data are not those of a Comity bundle") from cause
    if made_with != bundle.library_digest():
        raise refused("library", "it was built by another version of this program: build and activate with the same")
    if type(sequence) is not int or not 0 <= sequence <= MAX_SEQUENCE:
        raise refused("content", "its sequence number is not a whole number from 0")
    policy = _rebuilt(files, agreements, offences)
    if bundle.bundle_files(policy, sequence) != files:
        raise refused("content", "its files are not what its agreements and modules make")
    return Opened(policy, sequence, key_id)


def _files(raw: bytes) -> dict[str, bytes]:
    if len(raw) > MAX_PACKED:
        raise refused("archive", f"it is larger than {MAX_PACKED} bytes")
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
            unpacked = packed.read(MAX_BYTES + 1)
            if len(unpacked) > MAX_BYTES:
                raise refused("archive", f"it unpacks to more than {MAX_BYTES} bytes")
        files = _members(unpacked)
        same = bundle.tar_bytes(files) == unpacked
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError) as cause:
        raise refused("archive", "it is no gzipped tar archive") from cause
    if not same:
        raise refused("archive", "its archive is not in the form that this program writes")
    return files


def _members(unpacked: bytes) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(fileobj=io.BytesIO(unpacked), mode="r:") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or len(files) >= MAX_FILES:
                raise refused("archive", "it holds something else than files, or too many")
            files[member.name.removeprefix("/")] = content.read()
    return files


def _rebuilt(files: Mapping[str, bytes], agreements: Any, offences: Any) -> bundle.PolicySet:
    """Return the set that the bundle's own parts make."""
    texts = {name: text for name, text in files.items() if name.startswith(bundle.AGREEMENTS)}
    try:
        suspended = [name for name, held in agreements.items() if held["suspended"]]
        whole = [load_agreement(text, name) for name, text in texts.items()]
        loaded = [
            each.among(held["parties"]).suspended_towards(held["suspended_by"])  # who left or paused does not count
            for each in whole
            for held in [agreements[each.id]]
        ]
        return bundle.build(loaded, offences=offences, suspended=suspended, national=_national(files))
    except (Malformed, ValueError, TypeError, KeyError, AttributeError) as cause:
        raise refused("content", "its agreements, data and modules do not fit together") from cause


def _national(files: Mapping[str, bytes]) -> National | None:
    found = {name: content.decode() for name, content in files.items() if name.startswith(bundle.NATIONAL)}
    if not found:
        return None
    named = [_NATIONAL_PATH.match(name) for name in found]
    if not all(named):
        raise refused("content", "a national module lies outside comity/national/NAME/")
    names = sorted({match[1] for match in named if match})
    return National(found, tuple(names), files[bundle.NATIONAL_WASM])
