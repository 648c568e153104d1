"""E-mail as a channel.

The transport knows neither database nor conversations: mailboxes in (``imap``), submission out (``smtp``), what an answer
looks like (``composing``), addresses that find their way back (``tokens``), sign-in at Microsoft and Google (``oauth``).
"""
