"""Plausible numbers with right check digits: national identities, IBANs, plates, passports, companies. Pure.

They belong to nobody on purpose: Finnish ones come from the range kept for temporary use (900 to 999), bank codes
and the Latvian bank are invented.
"""

from random import Random

from stdnum import iban as stdnum_iban
from stdnum import luhn
from stdnum.ee import ik
from stdnum.lv import pvn

_LETTERS = "ABCEHKLMPRSTXZ"
_HETU = "0123456789ABCDEFHJKLMNPRSTUVWXY"
_BANK = {"EE": "99", "FI": "799", "SE": "979", "LV": "DEMO"}
_ACCOUNT_DIGITS = {"EE": 14, "FI": 10, "SE": 17, "LV": 13}


def national_id(country: str, birth_date: str, rng: Random, *, male: bool) -> str:
    """Return the personal number of somebody born on a whole ISO date."""
    year, month, day = birth_date.split("-")
    if country == "EE":
        body = f"{(3 if year < '2000' else 5) + (not male)}{year[2:]}{month}{day}{rng.randrange(1, 720):03}"
        return body + str(ik.calc_check_digit(body + "0"))
    if country == "FI":
        serial = rng.randrange(900, 999) // 2 * 2 + male
        check = _HETU[int(f"{day}{month}{year[2:]}{serial}") % 31]
        return f"{day}{month}{year[2:]}{'-' if year < '2000' else 'A'}{serial}{check}"
    if country == "SE":
        body = f"{year[2:]}{month}{day}{rng.randrange(98)}".ljust(8, "9") + str(rng.randrange(5) * 2 + male)
        return f"{year[:2]}{body[:6]}-{body[6:]}{luhn.calc_check_digit(body)}"
    while True:
        body = f"{day}{month}{year[2:]}{1 if year < '2000' else 2}{rng.randrange(1000):03}"
        check = str(pvn.calc_check_digit_pers(body))
        if len(check) == 1:
            return f"{body[:6]}-{body[6:]}{check}"


def iban(country: str, rng: Random) -> str:
    """Return an IBAN of the country's invented bank."""
    digits = _ACCOUNT_DIGITS[country]
    bban = _BANK[country] + f"{rng.randrange(10**digits):0{digits}}"
    bban += luhn.calc_check_digit(bban) if country == "FI" else ""
    return country + stdnum_iban.calc_check_digits(f"{country}00{bban}") + bban


def plate(country: str, rng: Random) -> str:
    """Return the plate of a vehicle as it is written in the country."""
    letters = "".join(rng.choices(_LETTERS, k=3))
    if country == "EE":
        return f"{rng.randrange(100, 1000)} {letters}"
    if country == "LV":
        return f"{letters[:2]}-{rng.randrange(1000, 10000)}"
    return f"{letters}{'-' if country == 'FI' else ' '}{rng.randrange(100, 1000)}"


def passport(country: str, rng: Random) -> str:
    """Return the number of a passport."""
    if country == "SE":
        return str(rng.randrange(10_000_000, 100_000_000))
    prefix = {"EE": "K", "FI": "FP", "LV": "LV"}[country]
    return f"{prefix}{rng.randrange(1_000_000, 10_000_000)}"


def company(country: str, rng: Random) -> str:
    """Return the registration number of a company; digits only plausible, without a check."""
    number = rng.randrange(1_000_000, 10_000_000)
    if country == "EE":
        return f"1{number}"
    if country == "FI":
        return f"{number}-{rng.randrange(10)}"
    return f"559{number // 1000 % 1000}-{number % 10000:04}" if country == "SE" else f"4000{number}"


def phone(country: str, rng: Random) -> str:
    """Return a phone number in international form."""
    prefix = {"EE": "+3725", "FI": "+35840", "SE": "+4670", "LV": "+3712"}[country]
    return f"{prefix}{rng.randrange(1_000_000, 10_000_000)}"
