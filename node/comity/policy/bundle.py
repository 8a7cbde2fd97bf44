"""Library and agreements together: what engines load, under one digest."""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from comity.policy import library
from comity.policy.agreement import Agreement


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What is in force: the data document, and a digest over library and data (hex).

    Another agreement, suspension or library is another digest, so nothing decided under one set can be taken for
    a decision under another.
    """

    data: Mapping[str, Any]
    digest: str

    @property
    def revision(self) -> str:
        """The revision that the bundle's manifest carries: the digest names the content."""
        return self.digest

    def data_json(self) -> bytes:
        """Return the data document as canonical JSON."""
        return _json(self.data)


def build(
    agreements: Iterable[Agreement],
    *,
    offences: Mapping[str, Mapping[str, list[str]]] | None = None,
    suspended: Iterable[str] = (),
) -> PolicySet:
    """Return the policy set of these agreements.

    `offences` is, for each country, what its own law punishes: `{"FI": {"iccs": ["0701"], "list": ["fraud"]}}`; by
    default the table shipped with the library. `suspended` names agreements that are suspended at present.
    """
    held = set(suspended)
    shipped = library.data()["comity"]
    data = {
        "comity": {
            **shipped,
            "agreements": {each.id: {**each.data, "suspended": each.id in held} for each in agreements},
            "offences": shipped["offences"] if offences is None else dict(offences),
        }
    }
    stamp = hashlib.sha256(_json(library.sources()))
    stamp.update(_json(data))
    return PolicySet(data, stamp.hexdigest())


def bundle_bytes(policy: PolicySet) -> bytes:
    """Return an OPA bundle (`bundle.tar.gz`): the same set gives the same bytes."""
    manifest = {"revision": policy.revision, "roots": ["comity"], "rego_version": 1}
    sources = {path: text for path, text in library.rego().items() if path.startswith("comity/")}
    data = {"comity": {**policy.data["comity"], "revision": policy.revision}}
    return _archive({".manifest": _json(manifest), "data.json": _json(data), **_encoded(sources)})


def authz_bundle_bytes(token: str) -> bytes:
    """Return the bundle that closes a private OPA server to everyone but the holder of a token."""
    sources = {path: text for path, text in library.rego().items() if path.startswith("system/")}
    manifest = {"revision": "", "roots": ["system/authz"], "rego_version": 1}
    data = {"system": {"authz": {"token": token}}}
    return _archive({".manifest": _json(manifest), "data.json": _json(data), **_encoded(sources)})


def write_bundle(policy: PolicySet, path: Path) -> None:
    """Write the bundle that `opa run --server -b` and `opa eval -b` load; entry point `data.comity.decision`."""
    path.write_bytes(bundle_bytes(policy))


def _encoded(sources: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in sources.items()}


def _archive(files: Mapping[str, bytes]) -> bytes:
    """Return a gzipped tar with fixed times, owners and order."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"/{name}")
            member.size, member.mode, member.mtime = len(content), 0o644, 0
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(raw.getvalue(), mtime=0)


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
