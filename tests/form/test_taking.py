"""A form that is sent: what becomes of it, once, whatever its sender does."""

from tests.form.conftest import Form


async def test_a_form_becomes_a_conversation(form: Form) -> None:
    page = await form.sent(name="Ola Hansen", f_order="FN-1234", f_where="web")
    (row,) = await form.rows("SELECT * FROM conversations")
    assert f"Saksnummeret ditt er {row['number']}" in page.text
