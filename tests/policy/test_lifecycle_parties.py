"""Parties and a bad network: messages wait, overtake each other and come again; nobody is bound to two texts."""

from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from comity.errors import ComityError, NotFound
from comity.policy.lifecycle import Event, Standing, State, Step, Text, advance, check_follows

COUNTRIES = ("EE", "FI", "LV", "SE")
NUMBERS = st.integers(0, 11)


@dataclass
class Node:
    """What one node knows, and what it still has to tell, in its order for each party: (to, text, amends)."""

    code: str
    parties: tuple[str, ...]
    standing: Standing = field(init=False)
    outbox: list[tuple[str, Text, str]] = field(default_factory=list)
    agreed: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.standing = Standing("x", self.code)

    def play(self, step: Step, of: Text, country: str, official: str = "") -> None:
        seq = self.standing.seq + 1
        made = Event(seq, "x", of.revision, of.digest, step, country, official or country, "policy-officer", seq, seq)
        self.standing = advance(self.standing, made, of)
        if step is Step.AGREED:
            assert of.revision not in self.agreed
            self.agreed[of.revision] = of.digest

    def conclude(self, of: Text) -> None:
        held = self.standing.text(of.digest)
        if held.state is State.PROPOSED and held.signed_by == set(of.parties):
            self.play(Step.AGREED, of, self.code)

    @property
    def base(self) -> str:
        return self.standing.newest.text.digest if self.standing.newest else ""

    def tell(self, of: Text, amends: str) -> None:
        self.outbox += [(other, of, amends) for other in self.parties if other != self.code]

    @staticmethod
    def signed_first(of: Text, sender: str) -> bool:
        """Whether another than the sender proposed a text: then this message brings signatures only."""
        return of.digest.split("-")[1] != sender

    def receive(self, of: Text, amends: str, signatures: frozenset[str], sender: str) -> None:
        """What `AgreementReception` does with a proposal or with signatures."""
        before = self.standing
        try:
            held = self.standing.texts.get(of.digest)
            if held is None:
                check_follows(self.standing, of, amends)
                if self.signed_first(of, sender):
                    raise NotFound("that proposal has not come here yet")
            for country in sorted(signatures, key=lambda each: each != sender):
                if held is None or country not in held.signed_by:
                    self.play(Step.PROPOSED if held is None else Step.COUNTERSIGNED, of, country)
                    held = self.standing.text(of.digest)
            self.conclude(of)
        except ComityError:
            self.standing = before
            raise


class Network(RuleBasedStateMachine):
    """Officers of three countries propose and sign what they like; the network delivers when it likes."""

    def __init__(self) -> None:
        super().__init__()
        self.nodes: dict[str, Node] = {}
        self.amends: dict[str, str] = {}
        self.count = 0

    @initialize(parties=st.integers(2, 4))
    def found(self, parties: int) -> None:
        self.nodes = {code: Node(code, COUNTRIES[:parties]) for code in COUNTRIES[:parties]}

    def pick(self, number: int) -> Node:
        return self.nodes[COUNTRIES[number % len(self.nodes)]]

    @rule(number=NUMBERS, jump=st.integers(1, 2))
    def propose(self, number: int, jump: int) -> None:
        node = self.pick(number)
        code = node.code
        signed = [held.text.revision for held in node.standing.texts.values() if code in held.signed_by]
        revision = max([node.standing.agreed_revision, *signed]) + jump
        self.count += 1
        of = Text("x", revision, f"{revision}-{code}-{self.count}", node.parties, 0, 10**9)
        self.amends[of.digest] = node.base
        for step, official in ((Step.DRAFTED, "a"), (Step.CHECKED, "a"), (Step.APPROVED, "b"), (Step.PROPOSED, "a")):
            node.play(step, of, code, official)
        node.tell(of, node.base)

    @rule(data=st.data(), number=NUMBERS)
    def countersign(self, data: st.DataObject, number: int) -> None:
        node = self.pick(number)
        waiting = node.standing.unsigned(node.code)
        if not waiting:
            return
        self.sign(node, data.draw(st.sampled_from(sorted(waiting, key=lambda held: held.text.digest))).text)

    def sign(self, node: Node, of: Text) -> None:
        """A country signs a text, if it may."""
        code, before = node.code, node.standing
        try:
            check_follows(node.standing, of, self.amends[of.digest])
            node.play(Step.CHECKED, of, code)
            node.play(Step.APPROVED, of, code, "a")
            node.play(Step.COUNTERSIGNED, of, code, "b")
        except ComityError:
            node.standing = before
            return
        node.conclude(of)
        node.tell(of, self.amends[of.digest])

    @precondition(lambda self: any(node.outbox for node in self.nodes.values()))
    @rule(data=st.data(), again=st.booleans())
    def deliver(self, data: st.DataObject, again: bool) -> None:
        """The next message of any node to any other; `again` leaves it to come a second time."""
        node = data.draw(st.sampled_from([node for node in self.nodes.values() if node.outbox]))
        to = data.draw(st.sampled_from(sorted({message[0] for message in node.outbox})))
        self.send(node, next(i for i, message in enumerate(node.outbox) if message[0] == to), again)

    @precondition(lambda self: any(node.outbox for node in self.nodes.values()))
    @rule(data=st.data())
    def a_line_is_up(self, data: st.DataObject) -> None:
        """Everything that one node has to tell another arrives, as far as that takes it."""
        node = data.draw(st.sampled_from([node for node in self.nodes.values() if node.outbox]))
        to = data.draw(st.sampled_from(sorted({message[0] for message in node.outbox})))
        while (index := next((i for i, message in enumerate(node.outbox) if message[0] == to), None)) is not None:
            if not self.send(node, index):
                return

    @rule(number=NUMBERS)
    def sign_everything(self, number: int) -> None:
        """A country signs what waits for it, lowest number first."""
        node = self.pick(number)
        for held in sorted(node.standing.unsigned(node.code), key=lambda held: held.text.revision):
            self.sign(node, held.text)

    def send(self, node: Node, index: int, again: bool = False) -> bool:
        """Deliver a message; False where the receiver asked for it later."""
        to, of, amends = node.outbox[index]
        signatures = node.standing.text(of.digest).signed_by
        try:
            self.nodes[to].receive(of, amends, signatures, node.code)
        except NotFound:
            return False
        except ComityError:
            pass
        if not again:
            node.outbox.pop(index)
        return True

    @invariant()
    def one_text_for_each_number_anywhere(self) -> None:
        for revision in {number for node in self.nodes.values() for number in node.agreed}:
            assert len({node.agreed[revision] for node in self.nodes.values() if revision in node.agreed}) == 1

    def teardown(self) -> None:
        """Once every message came, all hold the same newest text."""
        moved = True
        while moved:
            moved = False
            for node in self.nodes.values():
                for to in node.parties:
                    index = next((i for i, message in enumerate(node.outbox) if message[0] == to), None)
                    moved = (index is not None and self.send(node, index)) or moved
        assert len({node.base for node in self.nodes.values()}) <= 1
        assert not any(node.outbox for node in self.nodes.values())


Network.TestCase.settings = settings(max_examples=400, stateful_step_count=40, deadline=None, derandomize=True)
TestNetwork = Network.TestCase
