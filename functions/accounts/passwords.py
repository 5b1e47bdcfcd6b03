"""Passwords: slow salted hashes, and how long a password may be.

bcrypt reads 72 bytes and stops at a NUL; so it gets base64(HMAC-SHA-256(pepper, password)), 44
characters that depend on every byte. The pepper is PASSWORD_PEPPER, which the database never sees.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import b64encode

from functions.shared.secrets import get_secrets
from functions.shared.settings import WrongSettingError, settings

# Nobody's hash: what a password is held against where there is no user, for the same time.
_NOBODY_SALT = "Tiltyard0Nobody0Salt0."
_NOBODY_DIGEST = "." * 31


def hash_password(password: str) -> str:
    """What is stored of a password. Takes some 0.3 s of a whole CPU."""
    import bcrypt  # only functions that log somebody in pay for it

    salt = bcrypt.gensalt(settings().password_rounds)
    return bcrypt.hashpw(_peppered(password), salt).decode()


def verify(password: str, stored: str | None) -> bool:
    """Whether a password is the one that was hashed; as slow for None, and then False."""
    import bcrypt

    known = stored or f"$2b${settings().password_rounds:02}${_NOBODY_SALT}{_NOBODY_DIGEST}"
    matches = bcrypt.checkpw(_peppered(password), known.encode())
    return matches and stored is not None


def _peppered(password: str) -> bytes:
    pepper = get_secrets().password_pepper.get_secret_value().encode()
    if not pepper:
        raise WrongSettingError("PASSWORD_PEPPER is missing: passwords are hashed with it.")
    text = unicodedata.normalize("NFC", password)  # keyboards spell one letter in several ways
    return b64encode(hmac.digest(pepper, text.encode("utf-8", "replace"), hashlib.sha256))
