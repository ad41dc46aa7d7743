"""A Prometheus server with exemplar storage that scrapes what a test wants it to."""

import json
import socket
import subprocess
import time
import urllib.parse

import requests

from daemon import poll


class Prometheus:
    """Use as a context manager. `targets`: job name to URL; or `config`: a whole configuration."""

    def __init__(self, directory, targets=(), interval="250ms", features=("exemplar-storage",), config=None):
        self.directory = directory
        self.features = features
        text = json.dumps(config or self._config(dict(targets), interval))  # JSON is YAML.
        (directory / "prometheus.yml").write_text(text)

    @staticmethod
    def _config(targets, interval):
        jobs = [
            {
                "job_name": name,
                "metrics_path": urllib.parse.urlparse(url).path,
                "honor_labels": True,
                "static_configs": [{"targets": [urllib.parse.urlparse(url).netloc]}],
            }
            for name, url in targets.items()
        ]
        return {"global": {"scrape_interval": interval, "scrape_timeout": interval}, "scrape_configs": jobs}

    def __enter__(self):
        # It takes no port 0, so another process may be faster.
        for attempt in range(5):
            with socket.create_server(("127.0.0.1", 0)) as free:
                port = free.getsockname()[1]
            self.url = f"http://127.0.0.1:{port}"
            self.process = subprocess.Popen(
                [
                    "prometheus",
                    "--config.file=prometheus.yml",
                    f"--storage.tsdb.path=data-{attempt}",
                    f"--web.listen-address=127.0.0.1:{port}",
                    f"--enable-feature={','.join(self.features)}",
                ],
                cwd=self.directory,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=open(self.directory / "prometheus.log", "ab"),
            )
            try:
                poll(lambda: self.process.poll() is not None or self._is_ready(), seconds=30, what="Prometheus")
            except AssertionError:
                self.__exit__()
                raise
            if self.process.poll() is None:
                return self
        raise AssertionError((self.directory / "prometheus.log").read_text())

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def _is_ready(self):
        try:
            return requests.get(f"{self.url}/-/ready", timeout=1).status_code == 200
        except requests.RequestException:
            return False

    def api(self, path, **parameters):
        """The data that /api/v1/PATH answers."""
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10).json()
        assert answer["status"] == "success", answer
        return answer["data"]

    def query(self, expression):
        """The value of an expression with one result; 0 without any."""
        result = self.api("query", query=expression)["result"]
        return float(result[0]["value"][1]) if result else 0

    def exemplars(self, selector):
        """All exemplars stored for a selector."""
        return [exemplar for _, exemplar in self.stored_exemplars(selector)]

    def stored_exemplars(self, selector):
        """(labels of the series, exemplar) for all exemplars stored for a selector."""
        now = time.time()
        found = self.api("query_exemplars", query=selector, start=now - 3600, end=now + 60)
        return [(series["seriesLabels"], exemplar) for series in found for exemplar in series["exemplars"]]

    def wait_for_scrapes(self, count):
        """Waits until each target has been scraped `count` times from now on."""
        scrapes = "min(count_over_time(up[10m]))"
        enough = self.query(scrapes) + count
        poll(lambda: self.query(scrapes) >= enough, seconds=30, what="scrapes")

    def rejected_exemplars(self):
        """How many exemplars it did not take because of their order."""
        text = requests.get(f"{self.url}/metrics", timeout=10).text
        names = (
            "prometheus_tsdb_exemplar_out_of_order_exemplars_total",
            "prometheus_target_scrapes_exemplar_out_of_order_total",
        )
        return max(float(line.split()[-1]) for line in text.splitlines() if line.startswith(names))
