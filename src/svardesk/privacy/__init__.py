"""Privacy: export, erasure and retention of personal data, by what every room declares in its `personal.py`."""
