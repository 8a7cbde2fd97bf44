"""Plausible numbers with right check digits: national identities, IBANs, plates, passports, companies. Pure.

They belong to nobody on purpose: Finnish ones come from the range kept for temporary use (900 to 999), American ones
from areas never issued, bank codes are invented. Germany numbers nobody, the United States have no IBAN: empty.
"""

from random import Random

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.ee import ik
from stdnum.lv import pvn
from stdnum.pl import pesel

_LETTERS = "ABCEHKLMPRSTXZ"
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_BANK = {"EE": "99", "FI": "799", "SE": "979", "LV": "DEMO", "LT": "99999", "PL": "99999999", "DE": "99999999"}
_ACCOUNT_DIGITS = {"EE": 14, "FI": 10, "SE": 17, "LV": 13, "LT": 11, "PL": 16, "DE": 10}
_PLATE = {
    "EE": "{number} {letters}", "FI": "{letters}-{number}", "SE": "{letters} {number}", "LT": "{letters} {number}",
    "PL": "{letters} {number}7", "DE": "B-{letters} {number}", "US": "{letters}-{number}4",
}  # fmt: skip
_PASSPORT = {"EE": "K", "FI": "FP", "LV": "LV", "PL": "EM", "DE": "C0", "US": "A0"}
_COMPANY = {"EE": "1", "LV": "4000", "LT": "30", "PL": "000", "DE": "HRB ", "US": "99-"}
_PHONE = {
    "EE": "+3725", "FI": "+35840", "SE": "+4670", "LV": "+3712", "LT": "+3706", "PL": "+4850", "DE": "+49151",
    "US": "+1555",
}  # fmt: skip


def national_id(country: str, birth_date: str, rng: Random, *, male: bool) -> str:
    """Return the personal number of somebody born on a whole ISO date; empty where the country has none."""
    year, month, day = birth_date.split("-")
    return _NATIONAL[country](year, month, day, rng, male) if country in _NATIONAL else ""


def _baltic(year: str, month: str, day: str, rng: Random, male: bool) -> str:
    body = f"{(3 if year < '2000' else 5) + (not male)}{year[2:]}{month}{day}{rng.randrange(1, 720):03}"
    return body + str(ik.calc_check_digit(body + "0"))


def _finnish(year: str, month: str, day: str, rng: Random, male: bool) -> str:
    serial = rng.randrange(900, 999) // 2 * 2 + male
    check = _HETU[int(f"{day}{month}{year[2:]}{serial}") % 31]
    return f"{day}{month}{year[2:]}{'-' if year < '2000' else 'A'}{serial}{check}"


def _swedish(year: str, month: str, day: str, rng: Random, male: bool) -> str:
    body = f"{year[2:]}{month}{day}{rng.randrange(98)}".ljust(8, "9") + str(rng.randrange(5) * 2 + male)
    return f"{year[:2]}{body[:6]}-{body[6:]}{luhn.calc_check_digit(body)}"


def _latvian(year: str, month: str, day: str, rng: Random, _male: bool) -> str:
    while True:
        body = f"{day}{month}{year[2:]}{1 if year < '2000' else 2}{rng.randrange(1000):03}"
        check = str(pvn.calc_check_digit_pers(body))
        if len(check) == 1:
            return f"{body[:6]}-{body[6:]}{check}"


def _polish(year: str, month: str, day: str, rng: Random, male: bool) -> str:
    shifted = int(month) + (0 if year < "2000" else 20)
    body = f"{year[2:]}{shifted:02}{day}{rng.randrange(1000):03}{rng.randrange(5) * 2 + male}"
    return body + str(pesel.calc_check_digit(body))


def _american(_year: str, _month: str, _day: str, rng: Random, _male: bool) -> str:
    return f"9{rng.randrange(100):02}-{rng.randrange(1, 50):02}-{rng.randrange(1, 10_000):04}"


_NATIONAL = {
    "EE": _baltic, "LT": _baltic, "FI": _finnish, "SE": _swedish, "LV": _latvian, "PL": _polish, "US": _american,
}  # fmt: skip


def iban(country: str, rng: Random) -> str:
    """Return an IBAN of the country's invented bank; empty where the country has none."""
    if country not in _BANK:
        return ""
    digits = _ACCOUNT_DIGITS[country]
    bban = _BANK[country] + f"{rng.randrange(10**digits):0{digits}}"
    bban += luhn.calc_check_digit(bban) if country == "FI" else ""
    return country + stdnum_iban.calc_check_digits(f"{country}00{bban}") + bban


def plate(country: str, rng: Random) -> str:
    """Return the plate of a vehicle as it is written in the country."""
    letters = "".join(rng.choices(_LETTERS, k=3))
    if country == "LV":
        return f"{letters[:2]}-{rng.randrange(1000, 10000)}"
    number = rng.randrange(100, 1000)
    return _PLATE[country].format(letters=letters, number=number)


def passport(country: str, rng: Random) -> str:
    """Return the number of a passport."""
    if country in ("SE", "LT"):
        return str(rng.randrange(10_000_000, 100_000_000))
    return f"{_PASSPORT[country]}{rng.randrange(1_000_000, 10_000_000)}"


def company(country: str, rng: Random) -> str:
    """Return the registration number of a company; digits only plausible, without a check."""
    number = rng.randrange(1_000_000, 10_000_000)
    if country == "FI":
        return f"{number}-{rng.randrange(10)}"
    if country == "SE":
        return f"559{number // 1000 % 1000}-{number % 10000:04}"
    return f"{_COMPANY[country]}{number}"


def phone(country: str, rng: Random) -> str:
    """Return a phone number in international form."""
    return f"{_PHONE[country]}{rng.randrange(1_000_000, 10_000_000)}"
