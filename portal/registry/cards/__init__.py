"""Model cards: what they must say, who wrote it, files of them, and who has read them."""


def register() -> None:
    """Put the card under the signatures and let its blanks hold an approval back; called once the apps are loaded."""
    from portal.registry import bundle
    from portal.registry.cards import card, checks

    bundle.cover("card", card.values_of)
    bundle.gate("card", checks.missing)
