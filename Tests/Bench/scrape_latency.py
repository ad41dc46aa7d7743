"""How long ingestion requests take while the collector is scraped.

A probe sends small requests at a fixed rate; latencies run from when a request was due. The collector holds 20 000
points beside those of the probe. The scraper shares the machine with all the others: without a pause it takes
processor time from them, whatever the collector does.
"""

import contextlib
import statistics
import threading
import time

from scrape_client import scrape, send
from scrape_points import Points

QUANTILES = ("p50", "p99", "p99.9", "max")
REQUESTS_PER_SECOND, POINTS = 1000, 100
# By title: seconds from one scrape to the next, and whether they ask for gzip; none for no scrapes.
SCRAPES = {
    "no scrapes": None,
    "a scrape a second": (1, False),
    "a scrape a second, gzip": (1, True),
    "scrapes without a pause": (0, False),
    "scrapes without a pause, gzip": (0, True),
}


def measure_latency(needletail, load, seconds, rounds):
    """By title: latencies in ms by quantile of each round, and how many scrapes there were."""
    result = {title: {"latencies": [], "scrapes": 0} for title in SCRAPES}
    with needletail.start("metrics"):
        send(needletail, Points().requests(10_000, 10_000))
        for _ in range(rounds):
            for title, how in SCRAPES.items():
                with scraping(needletail, how) as count:
                    report = load.send(
                        needletail, "--endpoint", f"http://127.0.0.1:{needletail.http_port}", "--signal", "metrics",
                        "--items", POINTS, "--rate", REQUESTS_PER_SECOND, "--connections", 8, "--warmup", 0.3,
                        "--steady", "--seconds", seconds, sink=False)
                latencies = report["latency_seconds"]
                result[title]["latencies"].append({each: latencies[each] * 1000 for each in QUANTILES})
                result[title]["scrapes"] += count[0]
    return result


@contextlib.contextmanager
def scraping(needletail, how):
    """Scrapes in the background; yields a list of how many scrapes there were."""
    count = [0]
    if how is None:
        yield count
        return
    pause, gzip = how
    is_over = threading.Event()

    def run():
        while not is_over.is_set():
            begin = time.monotonic()
            scrape(needletail, gzip=gzip)
            count[0] += 1
            is_over.wait(max(0, pause - (time.monotonic() - begin)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield count
    finally:
        is_over.set()
        thread.join()


def latency_table(result):
    lines = [[f"requests of {POINTS} points, latency in ms", *QUANTILES, "scrapes"]]
    for title, report in result.items():
        medians = [statistics.median(each[quantile] for each in report["latencies"]) for quantile in QUANTILES]
        lines.append([title, *(f"{value:.2f}" for value in medians), str(report["scrapes"])])
    return lines, True
