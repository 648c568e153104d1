"""What the privacy room itself keeps: that somebody asked, and what is gone; never who or what it was."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="privacy_requests",
        columns=("result", "error"),
        person="contact",
        subject="t.contact_id = ANY({contacts})",
        erase="keep",
        context=("kind", "state", "created_at", "finished_at"),
        why="Proof that the request was met: ids and counts. The file of an export is deleted when it expires.",
    ),
)

NO_PERSONAL = {"tombstones": "ids and keyed hashes of what was erased; needed to erase it again after a restore"}
