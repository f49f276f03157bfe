"""The demonstration: an invented hospital, three models, and the people who use them."""
