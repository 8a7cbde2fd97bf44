"""What happened? The Merkle log of every exchange: entries, checkpoints, receipts, the vault, and the verifier.

Nothing is imported here, so that `comity receipt verify` needs neither a database nor its libraries:
import from the files, `from comity.ledger.receipt import verify_receipt`.
"""
