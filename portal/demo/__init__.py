"""The demonstration: an invented hospital, four models, and the people who use them."""
