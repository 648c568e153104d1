"""Errors on demand: by the last four digits of a PSID, or by rules for the next calls."""

from dataclasses import dataclass
from typing import Literal

from tests.doubles.graph.errors import GraphError

Kind = Literal["error", "hang", "drop"]


@dataclass
class Fault:
    """What goes wrong: an error answer, silence until the caller gives up, or a connection that breaks.

    ``deliver``: whether the message goes out all the same. ``times`` None is every time. ``psid`` None is everybody, and
    ``call`` names the call (``messages``, ``subscribed_apps``, ``comments``, ``profile`` …; ``*`` is any).
    """

    kind: Kind = "error"
    code: int = 2
    subcode: int | None = None
    status: int | None = None
    deliver: bool = False
    times: int | None = 1
    psid: str | None = None
    call: str = "messages"
    message: str | None = None

    def error(self) -> GraphError:
        """The error answer."""
        return GraphError(self.code, self.subcode, self.message, status=self.status)


SUFFIXES: dict[str, Fault] = {
    "0278": Fault(code=10, subcode=2018278),
    "0065": Fault(code=10, subcode=2018065),
    "0551": Fault(code=551, subcode=1545041),
    "0190": Fault(code=190, subcode=460),
    "0613": Fault(code=613),
    "0004": Fault(code=4),
    "0002": Fault(code=2),
    "1200": Fault(code=1200),
    "0500": Fault(code=1, subcode=99, status=500),
    "0503": Fault(code=2, status=503),
    "0010": Fault(code=10),
    "0200": Fault(code=200),
    "8028": Fault(code=200, subcode=2018028),
    "0230": Fault(code=230),
    "0368": Fault(code=368),
    "3063": Fault(code=10, subcode=1893063),
    "8108": Fault(code=10, subcode=2018108),
    "5041": Fault(code=200, subcode=1545041),
    "8001": Fault(code=100, subcode=2018001),
    "8109": Fault(code=100, subcode=2018109),
    "0033": Fault(code=100, subcode=33),
    "0408": Fault(kind="hang", deliver=True),
    "0409": Fault(kind="hang"),
    "0410": Fault(kind="drop", deliver=True),
    "0411": Fault(kind="drop"),
}
"""The last four digits of a PSID, and what each send to it meets."""


class Faults:
    """The rules in force, oldest first."""

    def __init__(self) -> None:
        self.rules: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        """Put a rule in force."""
        self.rules.append(fault)
        return fault

    def meet(self, call: str, psid: str | None) -> Fault | None:
        """What this call meets, if anything; a counted rule is used up by it."""
        for rule in self.rules:
            if rule.call in {call, "*"} and rule.psid in {None, psid}:
                if rule.times is not None:
                    rule.times -= 1
                    if rule.times <= 0:
                        self.rules.remove(rule)
                return rule
        if psid and call == "messages":
            return SUFFIXES.get(psid[-4:])
        return None
