"""Opens what `prove` and `who` work with: oracle, tables and engine of one policy set, national modules included."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from comity.policy import library
from comity.policy.bundle import PolicySet, policy_sources
from comity.policy.opa_tool import build_wasm, parse_modules, require_opa
from comity.policy.prove.dependencies import dependencies
from comity.policy.prove.model import Model
from comity.policy.prove.oracle import ENTRY, Oracle


@contextmanager
def tables_of(policy: PolicySet, countries: Iterable[str] = ()) -> Iterator[Model]:
    """Fill the tables of a policy set; `countries` are those to tell apart besides the parties.

    Raises `Unavailable` where a rule cannot be followed, or where national modules are and `opa` is not.
    """
    if policy.national is None:
        wasm, parts = library.prove_wasm(), library.dependencies()
    else:
        opa, sources = require_opa(), policy_sources(policy)
        wasm = build_wasm(opa, {**sources, **library.rego_under("prove")}, (ENTRY,))
        parts = dependencies(parse_modules(opa, sources), library.data())
    oracle = Oracle(policy, wasm)
    try:
        yield Model(policy, oracle, parts, countries)
    finally:
        oracle.close()
