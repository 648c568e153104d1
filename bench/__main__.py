"""Run benchmarks: ``python -m bench [names]``; exit status 1 when a limit is missed."""

import argparse
import importlib
import signal
import sys
import time

from bench.figures import Figure, print_table

TITLES = {
    "idle": "idle: memory of everything, start times",
    "latency": "latency: customer's message → visible to agents, socket to socket",
    "durable": "durable: messages a second through the HTTP API",
    "fanout": "fanout: deliveries of one process to many sockets",
    "lists": "lists: inbox with 1,000,000 conversations, as the app role under row-level security",
    "mail_parse": "mail_parse: mails read a second by one core, the corpus of the tests",
    "search": "search: 1,000,000 messages, the mix of bench/search_mix.txt",
    "mail_intake": "mail_intake: 10,000 mails waiting in a mailbox → inbox, the worker killed in the middle",
    "messenger_latency": "messenger_latency: message on Messenger → agents, and answer → stand-in Graph",
    "messenger_parse": "messenger_parse: envelopes of Messenger a second, one worker",
    "meta_webhook": "meta_webhook: 500 events a second at Meta's webhook, one process",
    "mail_latency": "mail_latency: mail on the IMAP server → agents, with IDLE",
}


def main() -> int:
    """Run the named benchmarks, all without a name."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Svardesk's benchmarks.")
    parser.add_argument("names", nargs="*", choices=[*TITLES, []], metavar="name", help=", ".join(TITLES))
    names = parser.parse_args().names or list(TITLES)
    # Terminated is ended in order too: what was started is stopped on the way out.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    all_figures: list[Figure] = []
    broken: list[str] = []
    for name in names:
        began = time.monotonic()
        try:
            figures, notes = importlib.import_module(f"bench.{name}").run()
        except Exception as error:  # noqa: BLE001 - the other benchmarks still run, and the status tells
            print(f"\n{TITLES[name]}\n  BROKEN: {error}", flush=True)
            broken.append(name)
            continue
        print_table(TITLES[name], figures, [*notes, f"took {time.monotonic() - began:.0f} s"])
        all_figures += figures
    missed = [one for one in all_figures if not one.passed]
    judged = sum(1 for one in all_figures if one.limit is not None)
    print(f"\n{judged - len(missed)} of {judged} limits kept" + (f"; broken: {', '.join(broken)}" if broken else ""))
    return 1 if missed or broken else 0


if __name__ == "__main__":
    sys.exit(main())
