"""Mail that no person wrote, and mail that must not be answered by a machine (RFC 3834 and its relatives)."""

import re
from dataclasses import dataclass

from svardesk.channels.email.parsing.headers import Headers
from svardesk.channels.email.parsing.parsed import Automatic

_MACHINES = re.compile(
    r"(?:mailer-daemon|postmaster|no-?reply|noreply|do-?not-?reply|donotreply|ikke-?svar|svar-?ikke|"
    r"ingen-?svar|ei-?vastausta|inte-?svara|"
    r"bounces?|auto-?reply|autosvar|notifications?|mailer|listserv|majordomo)(?:[+._-].*)?",
    re.IGNORECASE,
)
_AUTOMATIC_PREFIX = re.compile(
    r"\s*(?:automatisk svar|automatisk svarmelding|autosvar|auto-?svar|automaattinen vastaus|automaattivastaus|"
    r"automatic reply|auto(?:matic)?[- ]?(?:reply|response)|"
    r"autoreply|automatiskt svar|automatisch\w* antwort|sjálfvirkt svar|autom\. svar|auto)\s*(?::|\Z|-|–|\()",
    re.IGNORECASE,
)
_ABSENT_SUBJECT = re.compile(
    r"\s*(?:out of (?:the )?office(?: (?:auto-?reply|reply))?|ooo|fraværende|fråverande|frånvarande|frånvaro|"
    r"fravær|poissa(?:olo\w*)?|poissaoloilmoitus|poissaoloviesti|"
    r"ikke (?:på kontoret|til stede|tilstede)|ikkje (?:på kontoret|til stades)|inte på kontoret|ej på plats|"
    r"ude af kontoret|er ikke på kontoret|utenfor kontoret|utanfor kontoret|"
    r"på ferie|ferie|ferieavvikling|semester|lomalla|loma|away from (?:my|the) (?:desk|office)|on (?:holiday|"
    r"vacation|leave)|vacation|utan kontor|fjarverandi|í fríi|feriemelding|fraværsmelding|fraværsbesked|"
    r"frånvaromeddelande|fråværsmelding)\s*(?::|\Z|[-–!(]|\bre\b|\bautosvar\b|\bautomatisk\b)",
    re.IGNORECASE,
)
_ABSENT_WORDS = re.compile(
    r"(?i)\b(?:out of (?:the )?office|on (?:annual |parental |sick )?(?:leave|vacation|holiday)|away (?:until|"
    r"from)|i(?:'m| am) away|back (?:on|in the office)|limited access to (?:my )?e-?mail|"
    r"ikke på kontoret|ikkje på kontoret|inte på kontoret|tilbake (?:på kontoret|på jobb|igjen|mandag|tirsdag|"
    r"onsdag|torsdag|fredag|den|\d)|ferie(?:avvikling)?|har ferie|permisjon|"
    r"pappaperm\w*|foreldreperm\w*|fraværende|fråverande|bortreist|bortreist|på reise|frånvarande|semester\w*|"
    r"åter på|tillbaka (?:på kontoret|den|på jobbet|igen|måndag|\d)|tjänstledig|"
    r"föräldraledig\w*|på kursus|på barsel|barsel|tilbage (?:på kontoret|den|mandag|igen|\d)|ude af huset|er "
    r"ikke til stede|ikke til stede|ikke tilstede|ikkje til stades|"
    r"poissa\b|lomalla\w*|vuosiloma\w*|olen lomalla|palaan|tavoitettavissa|vanhempainvapaa\w*|virkavapaa\w*|"
    r"fjarverandi|í fríi|orlofi|kontoret igjen|kontoret igen)"
)
_TRADE_WORDS = re.compile(
    r"(?i)\b(?:saksnummer|ärendenummer|sagsnummer|asianumero|ticket|case number|ordrebekreftelse|orderbekräftelse|"
    r"ordrebekræftelse|ordrestadfesting|tilausvahvistus|order confirmation|kvittering|kvitto|kuitti|your order|"
    r"din ordre|din beställning|tilauksesi|arkivreferanse\w*)"
)
_RECEIVED_WORDS = re.compile(
    r"(?i)\b(?:(?:vi har|har vi|vi) (?:mottatt|motteke|modtaget|mottagit|fått|tatt imot)|we have received|"
    r"we(?:'ve| have) got|received your|takk for (?:din |di |deres )?(?:henvendelse|henvending|e-?post|melding|"
    r"bestilling|ordre)|"
    r"tack för (?:ditt|din|er) |tak for (?:din|jeres|dit) |kiitos (?:viestistäsi|yhteydenotostasi|"
    r"tilauksestasi|viestistänne|yhteydenotostanne)|olemme vastaanottaneet|on vastaanotettu|(?:svarer|svarar|"
    r"svar|svare|behandler|behandlar) (?:deg |dig |deg så |så |vi )?(?:innen|innan|inom|inden|snarest|snart)|"
    r"(?:respond|reply|get back to you) within|"
    r"vastaamme|käsittelemme|återkommer (?:till dig )?inom|vender tilbake innen|vender tilbage inden|har blitt "
    r"registrert|har registrert|er registrert|saksnummer|ärendenummer|sagsnummer|ticket|"
    r"ordrebekreftelse|orderbekräftelse|ordrebekræftelse|tilausvahvistus|order confirmation|kvittering|kvitto|"
    r"kuitti|din ordre|din beställning)"
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the mail is, which header or rule told so, and whether a machine may answer it."""

    automatic: Automatic
    because: str
    may_answer: bool


def judge(
    headers: Headers,
    *,
    media_type: str,
    report_type: str,
    sender: str,
    return_path: str | None,
    subject: str,
    text: str,
    is_bounce: bool,
    own: frozenset[str],
    instance: str,
) -> Judgement:
    """Judge a mail. ``own``: our addresses, lower case; ``instance``: our name in X-Svardesk-Loop."""
    hindrance = _hindrance(headers, media_type=media_type, sender=sender, return_path=return_path, own=own)
    automatic, because = _kind(
        headers, media_type, report_type, return_path, subject, text, instance, is_bounce=is_bounce
    )
    return Judgement(automatic, because, automatic == "none" and not hindrance)


def _answers_a_mail(headers: Headers, subject: str) -> bool:
    """Whether it looks like the answer of a person's mailbox to one mail, not like a system's receipt."""
    if "vacation" in _value(headers, "auto-submitted"):
        return True
    return ("in-reply-to" in headers or bool(re.search(r"(?i)\b(?:re|sv|vs|aw):", subject))) and not re.search(
        r"[#\[]\s?\w*\d", subject
    )


def is_automatic_subject(subject: str) -> bool:
    """Whether the subject is one that programs put on automatic answers."""
    return bool(_AUTOMATIC_PREFIX.match(subject) or _ABSENT_SUBJECT.match(subject))


def _value(headers: Headers, name: str) -> str:
    return " ".join(headers.plain(name).lower().split())


def _kind(
    headers: Headers,
    media_type: str,
    report_type: str,
    return_path: str | None,
    subject: str,
    text: str,
    instance: str,
    *,
    is_bounce: bool,
) -> tuple[Automatic, str]:
    if is_bounce:
        return "bounce", "delivery report"
    if media_type == "multipart/report":
        return "receipt", f"multipart/report {report_type}".strip()
    loop = headers.plain("x-svardesk-loop")
    if loop and instance and instance in loop.split():
        return "receipt", "X-Svardesk-Loop: our own mail came back"
    listed = _listed(headers)
    evidence = _machine_made(headers, return_path)
    # A list's digest says that it was generated; an order confirmation may offer to unsubscribe.
    if listed and ("list-id" in headers or "list-post" in headers or not evidence):
        return "list", listed
    absent = _absence(headers, subject, text, proven=bool(evidence))
    if absent:
        return "out_of_office", "; ".join(one for one in (evidence, absent) if one)
    if evidence or _AUTOMATIC_PREFIX.match(subject):
        return "receipt", evidence or "subject of an automatic answer"
    return "none", ""


def _machine_made(headers: Headers, return_path: str | None) -> str:
    submitted = _value(headers, "auto-submitted")
    if submitted and submitted.split(";")[0].strip() != "no":
        return f"Auto-Submitted: {submitted[:60]}"
    for name in (
        "x-autoreply",
        "x-autorespond",
        "x-autoreply-from",
        "x-autogenerated",
        "x-mail-autoreply",
        "x-auto-reply-from",
    ):
        if name in headers and _value(headers, name) not in {"no", "false"}:
            return f"{name.title()}: {_value(headers, name)[:60]}"
    if "auto_reply" in _value(headers, "precedence") or _value(headers, "precedence") == "auto-reply":
        return f"Precedence: {_value(headers, 'precedence')[:40]}"
    if "delivered-to" in headers and _value(headers, "delivered-to").startswith("autoresponder"):
        return "Delivered-To: autoresponder"
    if (
        _value(headers, "x-ms-exchange-generated-message-source").startswith("mailbox rules agent")
        or "x-ms-exchange-inbox-rules-loop" in headers
    ):
        return "X-MS-Exchange rules"
    return "Return-Path: <>" if return_path == "" else ""


def _absence(headers: Headers, subject: str, text: str, *, proven: bool) -> str:
    """Why a mail says that somebody is away.

    With a header's evidence by its words, without only by a subject that says nothing else.
    """
    head = text[:3000]
    received = _RECEIVED_WORDS.search(f"{subject}\n{head}") is not None
    trade = _TRADE_WORDS.search(f"{subject}\n{head}") is not None
    away = _ABSENT_WORDS.search(head[:2000]) is not None or _ABSENT_SUBJECT.match(subject) is not None
    if _ABSENT_SUBJECT.match(subject) and (proven or not _single(subject)):
        return "subject says absent"
    if _AUTOMATIC_PREFIX.match(subject) and (away or not (received or trade)):
        return "subject of an automatic answer"
    if proven and away and not trade:
        return "text says absent"
    replied = _value(headers, "auto-submitted").startswith("auto-replied")
    if replied and not received and not trade and _answers_a_mail(headers, subject):
        return "an answer of somebody's mailbox and no receipt"
    return ""


def _single(subject: str) -> bool:
    """A subject that is one everyday word ("Ferie"): a person may write so."""
    return subject.strip().lower() in {
        "ferie",
        "semester",
        "loma",
        "lomalla",
        "på ferie",
        "poissa",
        "fravær",
        "frånvaro",
        "vacation",
        "ooo",
    } or bool(re.match(r"(?i)\s*(?:ferie|semester|loma|vacation|fravær|frånvaro)\b", subject))


def _listed(headers: Headers) -> str:
    for name in ("list-id", "list-post", "list-unsubscribe", "feedback-id"):
        if name in headers:
            return f"{name.title()} header"
    precedence = _value(headers, "precedence")
    return f"Precedence: {precedence[:40]}" if precedence in {"bulk", "list", "junk"} else ""


def _hindrance(headers: Headers, *, media_type: str, sender: str, return_path: str | None, own: frozenset[str]) -> bool:
    submitted = _value(headers, "auto-submitted").split(";")[0].strip()
    if submitted and submitted != "no":
        return True
    if return_path == "" or not sender:
        return True
    if sender.lower() in own or _MACHINES.fullmatch(sender.rpartition("@")[0]):
        return True
    if _value(headers, "precedence") in {"bulk", "junk", "list", "auto_reply", "auto-reply"}:
        return True
    suppressed = re.split(r"[\s,;]+", _value(headers, "x-auto-response-suppress"))
    if {"all", "autoreply", "oof"} & set(suppressed):
        return True
    named = {
        "list-id",
        "list-unsubscribe",
        "list-post",
        "list-help",
        "x-autoreply",
        "x-autorespond",
        "x-loop",
        "feedback-id",
        "x-svardesk-loop",
    }
    return any(name in headers for name in named) or media_type == "multipart/report"
