"""A machine that runs one OPA-compiled WebAssembly module.

Written after OPA's documented ABI 1.2 (https://www.openpolicyagent.org/docs/wasm): imports `env.memory`,
`opa_abort`, `opa_println`, `opa_builtin0…4`; the heap is reset to the end of the data document by every `opa_eval`.
"""

import ctypes
import json
from functools import lru_cache
from threading import Lock
from typing import Any

import wasmtime

_PAGE = 65_536
_INITIAL_PAGES = 8
MAX_MEMORY = 64 * 1024 * 1024
FUEL_TO_LOAD = 2_000_000_000
FUEL = 200_000_000
_ABI = (1, 2)
_CHUNK = 4096
_EXPORTS = (
    "opa_wasm_abi_version",
    "opa_wasm_abi_minor_version",
    "opa_eval",
    "opa_malloc",
    "opa_json_parse",
    "opa_json_dump",
    "opa_heap_ptr_get",
    "entrypoints",
    "builtins",
)

# wasmtime-py keeps host functions in one unguarded table of the process
_table = Lock()


class Broken(Exception):
    """The machine trapped, ran out of its budget or answered outside the ABI: throw it away."""


class CompiledModule:
    """A compiled module and the engine it belongs to; shared by all machines."""

    def __init__(self, wasm: bytes) -> None:
        config = wasmtime.Config()
        config.consume_fuel = True
        config.parallel_compilation = False  # threads would each keep an arena: 10 MB for 0.1 s
        self.engine = wasmtime.Engine(config)
        self.module = wasmtime.Module(self.engine, wasm)


@lru_cache(maxsize=2)
def compile_module(wasm: bytes) -> CompiledModule:
    """Compile a module, once in a process; raises `Broken` for bytes that are no module.

    So new agreements at a running node cost a new data document, not a compilation.
    """
    try:
        compiled = CompiledModule(wasm)
    except wasmtime.WasmtimeError as cause:
        raise Broken("the compiled policy library is damaged") from cause
    _give_back()
    return compiled


def _give_back() -> None:
    """Return the compiler's memory to the system: glibc keeps some 20 MB otherwise, other libraries need no hint."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


class Machine:
    """One instance with its own memory and data document. Not thread-safe."""

    def __init__(self, compiled: CompiledModule, data: bytes) -> None:
        with _table:
            self._store = wasmtime.Store(compiled.engine)
            self._store.set_limits(memory_size=MAX_MEMORY, instances=1, memories=1)
            self._store.set_fuel(FUEL_TO_LOAD)
            limits = wasmtime.Limits(_INITIAL_PAGES, None)
            self._memory = wasmtime.Memory(self._store, wasmtime.MemoryType(limits))
            try:
                self._exports = self._instantiate(compiled)
            except (wasmtime.WasmtimeError, wasmtime.Trap) as cause:
                raise Broken("the compiled policy library cannot be started") from cause
        self._check_abi()
        self._eval: Any = self._exports["opa_eval"]
        self.entrypoints: dict[str, int] = json.loads(self._dump("entrypoints"))
        if json.loads(self._dump("builtins")):
            raise Broken("the policy needs built-in functions that this engine does not offer")
        self._data = self._load(data)
        self._heap = int(self._call("opa_heap_ptr_get"))

    def evaluate(self, entrypoint: str, document: bytes) -> bytes:
        """Return the JSON result set of an entry point for a JSON input; raises `Broken`."""
        number = self.entrypoints.get(entrypoint)
        if number is None:
            raise Broken("the compiled policy library lacks an entry point")
        end = self._heap + len(document)
        self._reserve(end)
        ctypes.memmove(self._base() + self._heap, document, len(document))
        self._store.set_fuel(FUEL)
        try:
            address = self._eval(self._store, 0, number, self._data, self._heap, len(document), end, 0)
        except (wasmtime.WasmtimeError, wasmtime.Trap, _Refused) as cause:
            raise Broken(self._why()) from cause
        return self._text(address)

    def _why(self) -> str:
        """Say which limit stopped an evaluation, for the operator."""
        if self._store.get_fuel() == 0:
            return f"it took more than {FUEL // 1_000_000} M instructions"
        if self._memory.data_len(self._store) + _PAGE > MAX_MEMORY:
            return f"it took more than {MAX_MEMORY // 1024**2} MiB"
        return "the policy failed"

    def used_fuel(self) -> int:
        """Return the instructions that the last evaluation took."""
        return FUEL - self._store.get_fuel()

    def close(self) -> None:
        """Give back the memory."""
        with _table:
            self._store.close()

    def _instantiate(self, compiled: CompiledModule) -> Any:
        linker, store, i32 = wasmtime.Linker(compiled.engine), self._store, wasmtime.ValType.i32()
        linker.define(store, "env", "memory", self._memory)
        for name in ("opa_abort", "opa_println"):
            kind = wasmtime.FuncType([i32], [])
            linker.define(store, "env", name, wasmtime.Func(store, kind, _abort if name == "opa_abort" else _ignore))
        for arguments in range(5):
            kind = wasmtime.FuncType([i32] * (2 + arguments), [i32])
            linker.define(store, "env", f"opa_builtin{arguments}", wasmtime.Func(store, kind, _no_builtin))
        return linker.instantiate(store, compiled.module).exports(store)

    def _check_abi(self) -> None:
        if any(name not in self._exports for name in _EXPORTS):
            raise Broken("the compiled policy library is not made by `opa build -t wasm`")
        major = self._exports["opa_wasm_abi_version"].value(self._store)
        minor = self._exports["opa_wasm_abi_minor_version"].value(self._store)
        if major != _ABI[0] or minor < _ABI[1]:
            raise Broken(f"the compiled policy library speaks ABI {major}.{minor}, this engine {_ABI[0]}.{_ABI[1]}")

    def _load(self, document: bytes) -> int:
        address = int(self._call("opa_malloc", len(document)))
        self._reserve(address + len(document))
        ctypes.memmove(self._base() + address, document, len(document))
        value = int(self._call("opa_json_parse", address, len(document)))
        if value == 0:
            raise Broken("the data document is not JSON")
        return value

    def _dump(self, function: str) -> bytes:
        return self._text(self._call("opa_json_dump", self._call(function)))

    def _call(self, function: str, *arguments: int) -> Any:
        try:
            return self._exports[function](self._store, *arguments)
        except (wasmtime.WasmtimeError, wasmtime.Trap, _Refused) as cause:
            raise Broken(f"{function} stopped") from cause

    def _base(self) -> int:
        """Return where the memory lies now; it moves when it grows."""
        return ctypes.addressof(self._memory.data_ptr(self._store).contents)

    def _reserve(self, end: int) -> None:
        missing = end - self._memory.data_len(self._store)
        if missing > 0:
            try:
                self._memory.grow(self._store, -(-missing // _PAGE))
            except wasmtime.WasmtimeError as cause:
                raise Broken("the memory limit is reached") from cause

    def _text(self, address: int) -> bytes:
        """Return the NUL-terminated text at an address, never reading past the memory's end."""
        size, base = self._memory.data_len(self._store), self._base()
        if not 0 < address < size:
            raise Broken("an address outside the memory")
        found = bytearray()
        while address < size:
            chunk = ctypes.string_at(base + address, min(_CHUNK, size - address))
            head, end, _ = chunk.partition(b"\0")
            found += head
            if end:
                return bytes(found)
            address += len(chunk)
        raise Broken("a text without an end")


class _Refused(Exception):
    """A host function refused."""


def _abort(_address: int) -> None:
    raise _Refused("opa_abort")


def _ignore(_address: int) -> None:
    """Drop what the policy prints: it may name facts."""


def _no_builtin(*_arguments: int) -> int:
    raise _Refused("a built-in function that this engine does not offer")
