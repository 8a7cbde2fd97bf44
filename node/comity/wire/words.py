"""Enum numbers ⇄ the words of the glossary: `AIM_LEARN_MORE` is `learn-more`, `_UNSPECIFIED` the empty text."""

from typing import Any

from comity.v1 import common_pb2, desk_service_pb2


class Words:
    """Both directions of one enum. A number that this program does not know has no word."""

    def __init__(self, enum: Any, prefix: str) -> None:
        values = enum.DESCRIPTOR.values_by_name.items()
        self._words: dict[int, str] = {
            value.number: name.removeprefix(prefix).lower().replace("_", "-") for name, value in values
        }
        self._words[0] = ""
        self._numbers = {word: number for number, word in self._words.items()}

    def word(self, number: int) -> str:
        """Return the word of a number; the empty text for an unspecified or unknown one."""
        return self._words.get(number, "")

    def number(self, word: str) -> Any:
        """Return the number of a word, as the generated code types it; raises `KeyError` for an unknown word."""
        return self._numbers[word]

    def known(self, number: int) -> bool:
        """Whether a number is specified and known."""
        return bool(self._words.get(number))

    @property
    def words(self) -> list[str]:
        """All words, in the order of their numbers."""
        return [word for word in self._words.values() if word]


INTENDED_USE = Words(common_pb2.IntendedUse, "INTENDED_USE_")
AIM = Words(common_pb2.Aim, "AIM_")
SUBJECT_CATEGORY = Words(common_pb2.SubjectCategory, "SUBJECT_CATEGORY_")
AGE_BAND = Words(common_pb2.AgeBand, "AGE_BAND_")
PROCEEDING = Words(common_pb2.Proceeding, "PROCEEDING_")
URGENCY = Words(common_pb2.Urgency, "URGENCY_")
OUTCOME = Words(common_pb2.Outcome, "OUTCOME_")
DISCLOSURE = Words(common_pb2.Disclosure, "DISCLOSURE_")
CHANNEL = Words(common_pb2.Channel, "CHANNEL_")
ASSISTANCE = Words(common_pb2.Assistance, "ASSISTANCE_")
NATIONALITY = Words(common_pb2.Nationality, "NATIONALITY_")
SCOPE = Words(common_pb2.Scope, "SCOPE_")
GRAVITY = Words(common_pb2.Gravity, "GRAVITY_")
BAR = Words(common_pb2.Bar, "BAR_")
PRIVILEGE_KIND = Words(common_pb2.PrivilegeKind, "PRIVILEGE_KIND_")
NECESSITY = Words(common_pb2.Necessity, "NECESSITY_")
PROCEDURE = Words(common_pb2.Procedure, "PROCEDURE_")
IDENTIFICATION = Words(common_pb2.Identification, "IDENTIFICATION_")
INBOX_ACT = Words(desk_service_pb2.InboxAct, "INBOX_ACT_")
