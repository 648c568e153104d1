"""The organisation's own fields: what there are, and their typed values."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from svardesk.contacts.errors import BadValue, FieldTaken, NoField
from svardesk.contacts.schemas import ChangeField, Field, FieldValue, MakeField
from svardesk.kit.db import Tx
from svardesk.kit.ids import uuid7
from svardesk.kit.jsons import encode
from svardesk.kit.sql import load

_sql = load(__package__ or "svardesk.contacts")


async def definitions(tx: Tx) -> list[Field]:
    """Return all fields, archived ones too."""
    return [msgspec.convert(row, Field) for row in await tx.all(_sql.definitions, account_id=tx.account)]


async def make(tx: Tx, now: datetime, what: MakeField) -> Field:
    """Add a field; raises ``FieldTaken``, and ``BadValue`` when choices and type do not go together."""
    _check_choices(what.type, what.choices)
    made = await tx.maybe(
        _sql.add_definition,
        account_id=tx.account,
        id=uuid7(),
        entity=what.entity,
        key=what.key,
        type=what.type,
        labels=encode(what.labels).decode(),
        choices=None if what.choices is None else encode(what.choices).decode(),
        now=now,
    )
    if made is None:
        raise FieldTaken(None, None, key=what.key)
    return await _get(tx, made["id"])


async def change(tx: Tx, now: datetime, field_id: UUID, what: ChangeField) -> Field:
    """Change labels and choices, archive or bring back; raises ``NoField``, ``BadValue``."""
    held = await _get(tx, field_id)
    choices = held.choices if what.choices is msgspec.UNSET else what.choices
    _check_choices(held.type, choices)
    await tx.run(
        _sql.change_definition,
        account_id=tx.account,
        id=field_id,
        labels=encode(held.labels if what.labels is msgspec.UNSET else what.labels).decode(),
        choices=None if choices is None else encode(choices).decode(),
        archived=held.archived if what.archived is msgspec.UNSET else what.archived,
        now=now,
    )
    return await _get(tx, field_id)


async def set_values(
    tx: Tx, entity: str, entity_id: UUID, values: Mapping[str, FieldValue], *, several: bool = False
) -> None:
    """Set (or, with None, empty) fields of one thing by key; raises ``NoField`` or ``BadValue`` before any is written.

    ``several``: other contacts are the same person. Then an emptied field is kept as empty, or their value would show.
    """
    known = {one.key: one for one in await definitions(tx) if one.entity == entity and not one.archived}
    columns: list[tuple[Field, dict[str, Any] | None]] = []
    for key, value in values.items():
        if key not in known:
            raise NoField(None, None, key=key)
        columns.append((known[key], None if value is None else typed(known[key], value)))
    for field, column in columns:
        if column is None and not several:
            await tx.run(_sql.drop_value, account_id=tx.account, definition_id=field.id, entity_id=entity_id)
        else:
            empty = {"text_value": None, "number_value": None, "date_value": None, "boolean_value": None}
            await tx.run(
                _sql.set_value,
                account_id=tx.account,
                id=uuid7(),
                definition_id=field.id,
                entity_id=entity_id,
                **(empty | (column or {})),
            )


def typed(field: Field, value: str | float | bool) -> dict[str, Any]:  # noqa: FBT001
    """Return column and value for ``field``; raises ``BadValue`` when the value is of another kind."""
    if field.type == "boolean" and isinstance(value, bool):
        return {"boolean_value": value}
    if field.type == "number" and isinstance(value, (int, float)) and not isinstance(value, bool):
        return {"number_value": value}
    if isinstance(value, str):
        value = value.replace("\x00", "").strip()
        if field.type == "text" and len(value) <= 2000:
            return {"text_value": value}
        if field.type == "choice" and value in (field.choices or ()):
            return {"text_value": value}
        if field.type == "date":
            try:
                return {"date_value": date.fromisoformat(value)}
            except ValueError:
                pass
    raise BadValue(
        None, f"The field {field.key} takes a value of the kind {field.type}.", key=field.key, type=field.type
    )


def _check_choices(kind: str, choices: list[str] | None) -> None:
    if (kind == "choice") != bool(choices):
        raise BadValue(None, "A field of the kind choice has choices, and no other has.", type=kind)


async def _get(tx: Tx, field_id: UUID) -> Field:
    row = await tx.maybe(_sql.definition, account_id=tx.account, id=field_id)
    if row is None:
        raise NoField
    return msgspec.convert(row, Field)
