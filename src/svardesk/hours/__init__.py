"""Hours: opening hours, holidays and exceptions, business time, and what is said to the customer while nobody is there."""
