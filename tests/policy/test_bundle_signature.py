"""T19 on the verifiers: a bundle that is not exactly what a pinned key signed is refused, by us and by the real OPA."""

import base64
import gzip
import io
import json
import random
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st
from policy_samples import AGREEMENTS, POLICY

from comity.errors import Tampered
from comity.policy.bundle import build, bundle_bytes, bundle_files, tar_bytes
from comity.policy.national import National
from comity.policy.opening import open_bundle
from comity.policy.signing import SIGNATURES, BundleSigner
from comity.policy.structured import file_hash

OURS = BundleSigner(generate_private_key(SECP256R1()), "a" * 64)
OTHER = BundleSigner(generate_private_key(SECP256R1()), "b" * 64)
PINNED = {OURS.key_id: OURS.key.public_key()}
RAW = bundle_bytes(POLICY, 7, OURS)


def unpacked(raw: bytes = RAW) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(raw)) as archive:
        return {member.name[1:]: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def packed(files: dict[str, bytes]) -> bytes:
    return gzip.compress(tar_bytes(files), mtime=0)


def b64(content: Any) -> str:
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token_of(header: dict[str, Any], payload: dict[str, Any], signer: BundleSigner = OURS) -> bytes:
    """A `.signatures.json` by hand, so that it can say anything."""
    text = f"{b64(header)}.{b64(payload)}"
    r, s = decode_dss_signature(signer.key.sign(text.encode(), ECDSA(hashes.SHA256())))
    return json.dumps({"signatures": [f"{text}.{b64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"]}).encode()


def payload() -> dict[str, Any]:
    token = json.loads(unpacked()[SIGNATURES])["signatures"][0]
    body = token.split(".")[1]
    return dict(json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4))))


HEADER = {"alg": "ES256", "kid": OURS.key_id}


def resigned(header: dict[str, Any] = HEADER, signer: BundleSigner = OURS, **changes: Any) -> bytes:
    body = {key: value for key, value in {**payload(), **changes}.items() if value is not None}
    return packed({**unpacked(), SIGNATURES: token_of(header, body, signer)})


def signatures(document: Any) -> bytes:
    return packed({**unpacked(), SIGNATURES: json.dumps(document).encode()})


def without(name: str) -> bytes:
    return packed({key: value for key, value in unpacked().items() if key != name})


def changed(name: str, edit: Callable[[bytes], bytes]) -> bytes:
    files = unpacked()
    files[name] = edit(files[name])
    return packed(files)


def flipped(content: bytes) -> bytes:
    return content[:-2] + bytes([content[-2] ^ 1]) + content[-1:]


def _unsuspended(data: bytes) -> bytes:
    return data.replace(b'"suspended":false', b'"suspended":true', 1)


def _renumbered(manifest: bytes) -> bytes:
    return manifest.replace(b'"sequence":7', b'"sequence":8')


def _stripped_token() -> bytes:
    header, body, _ = json.loads(unpacked()[SIGNATURES])["signatures"][0].split(".")
    return signatures({"signatures": [f"{header}.{body}."]})


def _with_plugin() -> bytes:
    return signatures({**json.loads(unpacked()[SIGNATURES]), "plugin": "mine"})


def _twice() -> bytes:
    token = json.loads(unpacked()[SIGNATURES])["signatures"][0]
    return signatures({"signatures": [token, token]})


@dataclass(frozen=True)
class Case:
    """A bundle that must be refused; `opa` says whether the real OPA refuses it too."""

    name: str
    raw: Callable[[], bytes]
    says: str
    opa: bool = True


REGO = "comity/main.rego"
AGREEMENT = f"agreements/{AGREEMENTS[0].id}.json"
CASES = [
    Case("never signed", lambda: bundle_bytes(POLICY, 7), "not signed"),
    Case("signature file removed", lambda: without(SIGNATURES), "not signed"),
    Case("no signature in the file", lambda: signatures({"signatures": []}), "no single JWS"),
    Case("two signatures", _twice, "no single JWS"),
    Case("signature file of another form", lambda: signatures([]), "no single JWS"),
    Case("a verifier of one's own", _with_plugin, "no single JWS"),
    Case("signature stripped off the JWS", _stripped_token, "not that key's"),
    # OPA takes key id and algorithm from its own configuration: what the header says of them is none of its business
    Case("keyid removed", lambda: resigned({"alg": "ES256"}), "no single JWS", opa=False),
    Case("keyid of the payload removed", lambda: resigned(keyid=None), "not for scope", opa=False),
    Case("keyid of another key", lambda: resigned({**HEADER, "kid": OTHER.key_id}), "not one this node", opa=False),
    Case("another key under our id", lambda: resigned(signer=OTHER), "not that key's"),
    Case("another key", lambda: bundle_bytes(POLICY, 7, OTHER), "not one this node"),
    Case("algorithm none", lambda: resigned({**HEADER, "alg": "none"}), "no single JWS", opa=False),
    Case("HMAC over the public key", lambda: resigned({**HEADER, "alg": "HS256"}), "no single JWS", opa=False),
    Case("a key in the header", lambda: resigned({**HEADER, "jwk": {}}), "no single JWS", opa=False),
    Case("another scope", lambda: resigned(scope="other"), "not for scope"),
    Case("no scope", lambda: resigned(scope=None), "not for scope"),
    Case("no files named", lambda: resigned(files=[]), "not signed"),
    Case("files are no list", lambda: resigned(files="all"), "names no files"),
    Case("weak hash", lambda: resigned(files=[{**f, "algorithm": "MD5"} for f in payload()["files"]]), "without its"),
    Case("extra file", lambda: packed({**unpacked(), "comity/extra.rego": b"package comity.extra\n"}), "not signed"),
    Case("extra data", lambda: packed({**unpacked(), "comity/x/data.json": b"{}"}), "not signed"),
    Case("extra text file", lambda: packed({**unpacked(), "notes.txt": b"hello"}), "not signed"),
    Case("missing module", lambda: without(REGO), "is missing"),
    Case("missing agreement text", lambda: without(AGREEMENT), "is missing"),
    Case("one byte of Rego", lambda: changed(REGO, flipped), "was changed"),
    Case("one word of data", lambda: changed("data.json", _unsuspended), "was changed"),
    Case("one digit of the manifest", lambda: changed(".manifest", _renumbered), "was changed"),
    Case("one byte of an agreement", lambda: changed(AGREEMENT, flipped), "was changed"),
    Case("a key twice", lambda: changed("data.json", lambda c: b'{"comity":{},' + c[1:]), "not strict JSON", opa=False),
    Case("cut off", lambda: RAW[: len(RAW) // 2], "no gzipped tar"),
    Case("nothing", lambda: b"", "no gzipped tar"),
    Case("no archive", lambda: gzip.compress(b"hello" * 400), "no gzipped tar"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_refused(case: Case) -> None:
    with pytest.raises(Tampered, match=case.says):
        open_bundle(case.raw(), PINNED)


def test_taken() -> None:
    opened = open_bundle(RAW, PINNED)
    assert (opened.sequence, opened.key_id, opened.policy.digest) == (7, OURS.key_id, POLICY.digest)
    assert opened.revision == f"7-{POLICY.digest}"
    assert {each.id: each.digest for each in opened.policy.agreements} == {each.id: each.digest for each in AGREEMENTS}


def test_suspensions_national_modules_and_offences_travel() -> None:
    national = National({"comity/national/duty/duty.rego": "package comity.national.duty\n"}, ("duty",), b"\0asm")
    held = build(AGREEMENTS, suspended=[AGREEMENTS[1].id], offences={"EE": {"iccs": [], "list": []}}, national=national)
    opened = open_bundle(bundle_bytes(held, 1, OURS), PINNED)
    assert opened.policy.digest == held.digest
    assert opened.policy.suspended == {AGREEMENTS[1].id}
    assert opened.policy.national == national


SIGNED_NONSENSE = {
    "text that is not the data's": lambda: {AGREEMENT: unpacked()[f"agreements/{AGREEMENTS[1].id}.json"]},
    "suspension undone": lambda: {"data.json": _with_data(lambda c: c["agreements"].popitem())},
    "a rule not expected": lambda: {"data.json": _with_data(lambda c: c["expected"].pop())},
    "another library": lambda: {REGO: unpacked()[REGO] + b"# more\n"},
    "no manifest": lambda: {".manifest": b"{}"},
    "sequence as text": lambda: {".manifest": unpacked()[".manifest"].replace(b'"sequence":7', b'"sequence":"7"')},
    "sequence below 0": lambda: {".manifest": unpacked()[".manifest"].replace(b'"sequence":7', b'"sequence":-7')},
    "sequence other than the revision's": lambda: {
        ".manifest": unpacked()[".manifest"].replace(b'"sequence":7', b'"sequence":8')
    },
    "national module outside": lambda: {"comity/national/x.rego": b"package comity.national\n"},
    "national module without its compiled form": lambda: {"comity/national/x/x.rego": b"package comity.national.x\n"},
}


def _with_data(edit: Callable[[dict[str, Any]], Any]) -> bytes:
    document = json.loads(unpacked()["data.json"])
    edit(document["comity"])
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize("name", SIGNED_NONSENSE)
def test_a_good_signature_does_not_make_nonsense_good(name: str) -> None:
    files = {**bundle_files(POLICY, 7), **SIGNED_NONSENSE[name]()}
    with pytest.raises(Tampered):
        open_bundle(packed({**files, SIGNATURES: OURS.sign(files)}), PINNED)


def test_archives_that_two_readers_could_read_differently_are_refused() -> None:
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in [*unpacked().items(), (REGO, b"package comity\n")]:  # the last of two equal names
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with pytest.raises(Tampered, match="form"):
        open_bundle(gzip.compress(raw.getvalue()), PINNED)
    link = io.BytesIO()
    with tarfile.open(fileobj=link, mode="w") as archive:
        member = tarfile.TarInfo("data.json")
        member.type, member.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(member)
    with pytest.raises(Tampered, match="something else"):
        open_bundle(gzip.compress(link.getvalue()), PINNED)


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Tampered, match="unpacks to more"):
        open_bundle(gzip.compress(bytes(80 * 1024 * 1024)), PINNED)


def test_no_single_byte_changes_what_is_opened() -> None:
    """Bits of gzip's own frame may not matter; what comes out does."""
    rolls = random.Random(20)
    for _ in range(1500):
        at, bit = rolls.randrange(len(RAW)), 1 << rolls.randrange(8)
        try:
            opened = open_bundle(RAW[:at] + bytes([RAW[at] ^ bit]) + RAW[at + 1 :], PINNED)
        except Tampered:
            continue
        assert (opened.sequence, opened.policy.digest) == (7, POLICY.digest)


# The real OPA, as a node starts it and as an operator would


@pytest.fixture(scope="module")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("key") / "key.pem"
    form = (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    file.write_bytes(OURS.key.public_key().public_bytes(*form))
    return file


def opa_takes(opa: str, raw: bytes, key_file: Path, folder: Path) -> bool:
    file = folder / "bundle.tar.gz"
    file.write_bytes(raw)
    command = [opa, "build", "--bundle", str(file), "-o", str(folder / "out.tar.gz"), "--signing-alg=ES256"]
    keys = [f"--verification-key={key_file}", f"--verification-key-id={OURS.key_id}", "--scope=comity"]
    return subprocess.run([*command, *keys], capture_output=True).returncode == 0


def test_opa_takes_our_bundle(opa_binary: str, key_file: Path, tmp_path: Path) -> None:
    assert opa_takes(opa_binary, RAW, key_file, tmp_path)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_opa_refuses_it_too(opa_binary: str, key_file: Path, tmp_path: Path, case: Case) -> None:
    assert opa_takes(opa_binary, case.raw(), key_file, tmp_path) is not case.opa


# The structured hash against `opa sign`


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
    ),
    max_leaves=12,
)
DOCUMENTS = st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), JSON, max_size=6)
ODD = [
    '{"a": 1.0, "b": 1, "c": 1e5, "d": 1E+5, "e": -0, "f": -0.0, "g": 123456789012345678901234567890}',
    '{"<&>": "<&>", "\\u2028": "\\u2029", "\\u0000": "\\u001f\\u007f\\b\\f\\n\\r\\t\\"\\\\/"}',
    '{"\\ud83d\\ude00": "\\ud83d\\ude00", "z": {"b": [], "a": {}}, "Z": [null, true, false]}',
    '{"\u00e9": 1, "e\u0301": 2, "\uffff": 3, "\U0001f600": 4, "\ue000": 5}',
]


def opa_hashes(opa: str, texts: list[str], folder: Path) -> list[str]:
    """What `opa sign` writes for each text as a data file of its own."""
    for number, text in enumerate(texts):
        place = folder / "bundle" / f"d{number:05}"
        place.mkdir(parents=True)
        (place / "data.json").write_bytes(text.encode())
    command = [opa, "sign", "--bundle", "--signing-alg=HS256", "--signing-key=secret", "-o", str(folder), "bundle"]
    subprocess.run(command, check=True, capture_output=True, cwd=folder)
    body = json.loads((folder / SIGNATURES).read_text())["signatures"][0].split(".")[1]
    named = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))["files"]
    found = {file["name"].removeprefix("bundle/"): file["hash"] for file in named}
    return [found[f"d{number:05}/data.json"] for number in range(len(texts))]


def test_structured_hash_is_opas(opa_binary: str, tmp_path: Path) -> None:
    texts = list(ODD)
    rolls = random.Random(1)

    @given(DOCUMENTS)
    @settings(max_examples=1500, derandomize=True, database=None, deadline=None)
    def collect(document: dict[str, Any]) -> None:
        layout = rolls.choice([{}, {"indent": 1}, {"separators": (",", ":")}, {"ensure_ascii": False}])
        texts.append(json.dumps(document, **layout))

    collect()
    ours = [file_hash("x/data.json", text.encode()) for text in texts]
    theirs = opa_hashes(opa_binary, texts, tmp_path)
    assert [text for text, our, their in zip(texts, ours, theirs, strict=True) if our != their] == []


@pytest.mark.parametrize(
    "text",
    [
        b'{"a":NaN}',
        b'{"a":1,"a":2}',
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b"a: 1",
        "\ufeff{}".encode(),
        b'{"a":01}',
        b'"\xff"',
    ],
    ids=range(8),
)
def test_what_is_not_strict_json_has_no_hash(text: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  of whatever kind
        file_hash("data.json", text)


def test_other_files_are_hashed_as_they_are() -> None:
    assert file_hash("schemas/input.schema.json", b"{ }") != file_hash("schemas/input.schema.json", b"{}")
    assert file_hash("x/data.json", b"{ }") == file_hash("x/data.json", b"{}")
