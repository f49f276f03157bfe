"""An app of the tests: very many objects that people and groups may see."""
