"""A real `kill -9` while a process appends: whatever it acknowledged is there, whole and provable."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from ledger_samples import ORIGIN, PRIVATE, VKEY, numbered

from comity.ledger.ledger import Ledger
from comity.ledger.receipt import verify_receipt
from comity.ledger.verify import verify_ledger
from comity.store import Store

CHILD = """
import sys
sys.path.insert(0, sys.argv[1])
from ledger_samples import ORIGIN, PRIVATE, numbered
from comity.ledger.ledger import Ledger
from comity.store import Store
ledger = Ledger(Store.open(sys.argv[2]), ORIGIN, PRIVATE)
number = ledger.recover().size
while True:
    receipts = ledger.append_many([(numbered(number + i), ()) for i in range(1 + number % 3)])
    number += len(receipts)
    print(receipts[-1].index, flush=True)
"""


@pytest.mark.parametrize("kills", [3])
def test_nothing_acknowledged_is_lost(store: Store, kills: int) -> None:
    url = store.engine.url.render_as_string(hide_password=False)
    acknowledged = -1
    for round_ in range(kills):
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, str(Path(__file__).parent), url], stdout=subprocess.PIPE, text=True
        )
        assert child.stdout is not None
        for _ in range(20 + 7 * round_):
            acknowledged = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        late = child.stdout.read().split("\n")[:-1]
        child.stdout.close()
        child.wait()
        acknowledged = int(late[-1]) if late else acknowledged
        ledger = Ledger(store, ORIGIN, PRIVATE)
        assert ledger.recover().size > acknowledged
        assert verify_ledger(store, VKEY) == []
        assert verify_receipt(ledger.receipt(acknowledged), VKEY) == numbered(acknowledged)
