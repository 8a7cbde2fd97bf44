"""What engines load, under one digest, and the OPA bundle that carries it under a rising sequence number.

A bundle holds library, agreements (what policy reads, and the texts they come from), national modules and schemas.
The same set under the same number gives the same files.
"""

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785

from comity.policy import library
from comity.policy.agreement import Agreement
from comity.policy.national import National
from comity.policy.signing import SIGNATURES, BundleSigner

MANIFEST, DATA = ".manifest", "data.json"
AGREEMENTS, SCHEMAS = "agreements/", "schemas/"
NATIONAL, NATIONAL_WASM = "comity/national/", "national/compiled.bin"  # not `.wasm`: OPA would want to run it
_SCHEMAS = ("agreement", "decision", "input")


@dataclass(frozen=True, slots=True)
class PolicySet:
    """What is in force: the data document, the texts it is made of, and a digest over everything (hex).

    Another agreement, suspension, national module or library is another digest, so nothing decided under one set
    can be taken for a decision under another.
    """

    data: Mapping[str, Any]
    digest: str
    agreements: tuple[Agreement, ...] = ()
    national: National | None = None

    @property
    def suspended(self) -> frozenset[str]:
        """Ids of the agreements that this set holds as suspended."""
        held = self.data["comity"]["agreements"].items()
        return frozenset(name for name, agreement in held if agreement["suspended"])

    def data_json(self) -> bytes:
        """Return the data document as canonical JSON."""
        return _json(self.data)


def build(
    agreements: Iterable[Agreement],
    *,
    offences: Mapping[str, Any] | None = None,
    suspended: Iterable[str] = (),
    national: National | None = None,
) -> PolicySet:
    """Return the policy set of these agreements.

    `offences` is, for each country, what its own law punishes: `{"FI": {"iccs": ["0701"], "list": ["fraud"]}}`; by
    default the table shipped with the library. `suspended` names agreements that are suspended at present. A module
    of `national` that is not loaded refuses, as a missing rule of the library does.
    """
    held, texts = set(suspended), tuple(sorted(agreements, key=lambda each: each.id))
    shipped = library.data()["comity"]
    data = {
        "comity": {
            **shipped,
            "agreements": {each.id: {**each.data, "suspended": each.id in held} for each in texts},
            "offences": shipped["offences"] if offences is None else dict(offences),
            "expected_national": sorted(national.names) if national else [],
        }
    }
    stamp = hashlib.sha256(_json(library.sources()))
    stamp.update(_json(data))
    if national:
        stamp.update(_json([dict(national.sources), hashlib.sha256(national.wasm).hexdigest()]))
    return PolicySet(data, stamp.hexdigest(), texts, national)


def revision_of(policy: PolicySet, sequence: int) -> str:
    """Return the revision that the manifest carries: the number orders bundles, the digest names the content."""
    return f"{sequence}-{policy.digest}"


def bundle_files(policy: PolicySet, sequence: int = 0) -> dict[str, bytes]:
    """Return the files of the bundle by name, all but the signature."""
    revision, national = revision_of(policy, sequence), policy.national
    manifest = {
        "revision": revision,
        "roots": ["comity"],
        "rego_version": 1,
        "metadata": {"sequence": sequence, "digest": policy.digest, "library": library_digest()},
    }
    return {
        MANIFEST: _json(manifest),
        DATA: _json({"comity": {**policy.data["comity"], "revision": revision}}),
        **{f"{AGREEMENTS}{each.id}.json": rfc8785.dumps(dict(each.document)) for each in policy.agreements},
        **{f"{SCHEMAS}{name}.schema.json": _json(library.schema(name)) for name in _SCHEMAS},
        **_encoded(policy_sources(policy)),
        **({NATIONAL_WASM: national.wasm} if national else {}),
    }


def policy_sources(policy: PolicySet) -> dict[str, str]:
    """Return the Rego that decides, library and national modules, by path in the bundle."""
    return {**library.rego_under("comity"), **(policy.national.sources if policy.national else {})}


def library_digest() -> str:
    """Return SHA-256 in hex over the shipped library: bundles travel between equal libraries only."""
    return hashlib.sha256(_json(library.sources())).hexdigest()


def bundle_bytes(policy: PolicySet, sequence: int = 0, signer: BundleSigner | None = None) -> bytes:
    """Return an OPA bundle (`bundle.tar.gz`), signed where there is a signer; entry point `data.comity.decision`."""
    return _archive(bundle_files(policy, sequence), signer)


def authz_bundle_bytes(token: str, signer: BundleSigner | None = None) -> bytes:
    """Return the bundle that closes a private OPA server to everyone but the holder of a token."""
    manifest = {"revision": "", "roots": ["system/authz"], "rego_version": 1}
    data = {"system": {"authz": {"token": token}}}
    return _archive({MANIFEST: _json(manifest), DATA: _json(data), **_encoded(library.rego_under("system"))}, signer)


def write_bundle(policy: PolicySet, path: Path, sequence: int = 0, signer: BundleSigner | None = None) -> None:
    """Write the bundle to a file."""
    path.write_bytes(bundle_bytes(policy, sequence, signer))


def tar_bytes(files: Mapping[str, bytes]) -> bytes:
    """Return the one archive of these files: fixed order, times and owners."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            member = tarfile.TarInfo(f"/{name}")
            member.size, member.mode, member.mtime = len(content), 0o644, 0
            archive.addfile(member, io.BytesIO(content))
    return raw.getvalue()


def _archive(files: Mapping[str, bytes], signer: BundleSigner | None) -> bytes:
    signed = {**files, SIGNATURES: signer.sign(files)} if signer else files
    return gzip.compress(tar_bytes(signed), mtime=0)


def _encoded(sources: Mapping[str, str]) -> dict[str, bytes]:
    return {path: text.encode() for path, text in sources.items()}


def _json(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
