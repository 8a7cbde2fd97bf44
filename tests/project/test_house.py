"""The rules of the house, held by the code itself: layers, tables that must be complete, schema and migrations."""

import ast
import importlib
import pkgutil
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import comity
from comity import errors
from comity.identity.access import RPCS
from comity.store import Store, metadata
from comity.wire.status import STATUS

PACKAGE = Path(comity.__file__).parent

# What each room may import of the others; `errors` and `clock` are open to all (architecture.md).
DOMAIN = {"store"}
DOMAIN_ROOMS = ("identity", "policy", "ledger", "records", "exchange", "casework")
LAYERS = {
    "store": set(),
    "identity": DOMAIN,
    "policy": DOMAIN,
    "ledger": DOMAIN,
    "records": DOMAIN,
    "exchange": DOMAIN | {"identity", "policy", "ledger", "records"},
    "casework": DOMAIN | {"identity", "policy", "ledger", "records", "exchange"},
    "wire": DOMAIN | {"identity", "policy", "ledger", "records", "exchange", "casework", "v1"},
}
TOP = {"app", "enactment", "office", "cli", "console", "sandbox", "settings"}
# These compute: they open no socket, file or database and read no clock or environment (architecture.md).
PURE = [
    "ledger/merkle.py", "ledger/checkpoint.py", "ledger/entry.py", "ledger/receipt.py", "ledger/note.py",
    "policy/agreement.py", "policy/decision.py", "policy/lifecycle.py",
    "records/matching.py", "records/normalise.py", "records/keys.py",
    "records/redact.py", "records/reference.py", "identity/signature.py", "identity/certificates.py",
    "identity/descriptor.py", "identity/spiffe.py", "identity/access.py", "exchange/model.py", "exchange/facts.py",
    "exchange/assurance.py",
    "exchange/entries.py", "exchange/redact.py", "exchange/durations.py", "casework/review.py",
    "casework/agreement_messages.py", "casework/trial.py", "wire/convert.py", "wire/rules.py", "wire/words.py",
]  # fmt: skip
IMPURE_MODULES = {"os", "socket", "sqlite3", "sqlalchemy", "grpc", "subprocess", "time", "requests", "pathlib"}


def imports_of(path: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_of(path: Path) -> set[str]:
    own = {name.split(".")[1] for name in imports_of(path) if name.startswith("comity.") and name.count(".") >= 1}
    return own - {"__version__", "errors", "clock"}


@pytest.mark.parametrize("room", LAYERS)
def test_imports_point_downwards(room: str) -> None:
    for path in (PACKAGE / room).rglob("*.py"):
        assert rooms_of(path) <= LAYERS[room] | {room}, path


def test_only_the_wire_knows_the_generated_code() -> None:
    for path in PACKAGE.rglob("*.py"):
        if "v1" in rooms_of(path):
            assert path.relative_to(PACKAGE).parts[0] in ("wire", "v1"), path


def test_nothing_below_knows_the_faces() -> None:
    for room in LAYERS:
        for path in (PACKAGE / room).rglob("*.py"):
            assert not rooms_of(path) & TOP, path


@pytest.mark.parametrize("name", PURE)
def test_pure_files_do_not_reach_out(name: str) -> None:
    reached = {module.split(".")[0] for module in imports_of(PACKAGE / name)} & IMPURE_MODULES
    assert not reached, f"{name} imports {reached}"
    assert "clock" not in {module.split(".")[-1] for module in imports_of(PACKAGE / name)}


def test_every_rpc_has_a_rule() -> None:
    methods = set()
    for module in pkgutil.iter_modules([str(PACKAGE / "v1")]):
        descriptor = getattr(importlib.import_module(f"comity.v1.{module.name}"), "DESCRIPTOR", None)
        for service in descriptor.services_by_name.values() if descriptor else ():
            methods |= {f"/{service.full_name}/{method.name}" for method in service.methods}
    assert methods == set(RPCS)


def test_every_error_has_a_status() -> None:
    def tree(kind: type) -> set[type]:
        return {kind}.union(*(tree(sub) for sub in kind.__subclasses__()))

    assert set(STATUS) == {kind for kind in tree(errors.ComityError) if kind.__module__ == "comity.errors"}


def test_migrations_make_exactly_the_tables(store: Store) -> None:
    for room in DOMAIN_ROOMS:
        for module in pkgutil.iter_modules([str(PACKAGE / room)]):  # whoever keeps a table says so when it is imported
            importlib.import_module(f"comity.{room}.{module.name}")
    with store.read() as tx:
        context = MigrationContext.configure(tx, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_every_import_is_a_declared_dependency() -> None:
    """A machine that installs the wheel has only what pyproject.toml names."""
    project = tomllib.loads((PACKAGE.parent.parent / "pyproject.toml").read_text())["project"]
    declared = {re.split(r"[\[><=]", line)[0].lower() for line in project["dependencies"]}
    provided = {module for module, dists in packages_distributions().items() if {d.lower() for d in dists} & declared}
    used = {name.split(".")[0] for path in PACKAGE.rglob("*.py") for name in imports_of(path)}
    assert used - provided - set(sys.stdlib_module_names) - {"comity", "__future__"} == set()
