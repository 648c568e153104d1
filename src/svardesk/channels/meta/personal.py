"""What the Meta room holds about persons."""

from svardesk.kit.personal import PersonalTable

PERSONAL = (
    PersonalTable(
        table="meta_profiles",
        columns=("person", "picture_file_id"),
        person="contact",
        subject="t.contact_id = ANY({contacts})",
        erase="delete",
        context=("state", "asked_at"),
    ),
)

NO_PERSONAL = {
    "meta_deletions": "a request that Meta passed on: its number at Meta's app leads to no person that we know, and goes when it is done"
}
