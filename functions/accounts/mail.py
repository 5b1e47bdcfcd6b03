"""Mail to users: through SES, on the local stack into a file, else counted as unsent."""

from __future__ import annotations

import secrets
import time
from email.message import EmailMessage
from pathlib import Path

from functions.shared import aws, log
from functions.shared.settings import settings


def send(to: str, subject: str, text: str) -> None:
    """Sends a mail, or writes into the log that it could not: never its text or address."""
    chosen = settings()
    if chosen.mail_from:
        _send_by_ses(chosen.mail_from, to, subject, text)
    elif chosen.mail_folder:
        _write(Path(chosen.mail_folder), to, subject, text)
    else:
        log.event("mail.unsent", level="WARNING")
        log.metric("MailUnsent", 1)


def _send_by_ses(sender: str, to: str, subject: str, text: str) -> None:
    part = {"Data": text, "Charset": "UTF-8"}
    content = {"Simple": {"Subject": {"Data": subject, "Charset": "UTF-8"}, "Body": {"Text": part}}}
    try:
        aws.client("sesv2").send_email(
            FromEmailAddress=sender, Destination={"ToAddresses": [to]}, Content=content
        )
    except aws.failures() as error:
        log.event("mail.unsent", level="ERROR", error=type(error).__name__)
        log.metric("MailUnsent", 1)


def _write(folder: Path, to: str, subject: str, text: str) -> None:
    """A file of one mail, readable by its owner alone."""
    message = EmailMessage()
    message["To"], message["Subject"] = to, subject
    message.set_content(text)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.time_ns()}-{secrets.token_hex(4)}.eml"
    path.touch(mode=0o600)
    path.write_bytes(message.as_bytes())
