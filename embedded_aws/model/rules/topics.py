"""Topics of `signals.toml` found in a text by one walk over it."""

from __future__ import annotations

from embedded_aws.model.rules.data import load
from embedded_aws.model.rules.phrases import Hit, Signals
from embedded_aws.model.rules.text import Document

_SIGNALS = Signals(
    {
        f"{group}/{topic}": phrases
        for group, topics in load("signals.toml").items()
        for topic, phrases in topics.items()
    }
)


class Topics:
    """Hits by group and topic; a topic without a hit is absent."""

    def __init__(self, document: Document) -> None:
        self._groups: dict[str, dict[str, list[Hit]]] = {}
        for key, hits in _SIGNALS.find(document).items():
            group, _, topic = key.partition("/")
            self._groups.setdefault(group, {})[topic] = hits

    def hits(self, group: str) -> dict[str, list[Hit]]:
        return self._groups.get(group, {})

    def first(self, group: str) -> dict[str, Hit]:
        """Topic -> its first hit, in the order of the text."""
        firsts = {topic: hits[0] for topic, hits in self.hits(group).items()}
        return dict(sorted(firsts.items(), key=lambda item: item[1].start))

    def of(self, group: str, topic: str) -> list[Hit]:
        return self.hits(group).get(topic, [])
