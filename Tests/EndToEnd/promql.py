"""What PromQL asks for."""

import re

WORDS = {"by", "without", "on", "ignoring", "group_left", "group_right", "offset", "bool", "and", "or", "unless"}
CLAUSE = r"\b(?:{}) ?\(([^)]*)\)"


def selectors(expression):
    """The metrics of an expression with the labels it asks them for; those of `by (…)` count for all of them.

    Labels that `label_replace` and `label_join` make count for none.
    """
    made = set(re.findall(r'"(\w+)", "(?:\$1|[^"]* )"', expression))
    expression = re.sub(r'"[^"]*"', '""', expression)
    expression = re.sub(r"\[[^\]]*\]", "", expression)
    groupings = re.findall(CLAUSE.format("by|on"), expression)
    grouped = {label for labels in groupings for label in re.findall(r"\w+", labels)} - made
    expression = re.sub(CLAUSE.format("by|on|without|ignoring|group_left|group_right"), "", expression)
    # A name that no parenthesis follows; that would be a function.
    metric = r"(?<![\w.])([a-zA-Z_:][\w:]*)(?![\w:]|\s*\()(?:\{([^}]*)\})?"
    for name, matchers in re.findall(metric, expression):
        if name not in WORDS:
            yield name, grouped | set(re.findall(r"(\w+)\s*[=!]", matchers))


def series(text):
    """The labels that each sample name of a scrape occurs with, in all its series together."""
    found = {}
    for line in text.splitlines():
        if match := re.match(r"([a-zA-Z_:][\w:]*)(?:\{(.*?)\})? \S", line):
            found.setdefault(match[1], set()).update(re.findall(r'([a-zA-Z_]\w*)="', match[2] or ""))
    return found
