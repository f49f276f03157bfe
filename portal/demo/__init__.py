"""The demonstration: an invented hospital, six models, and the people who use them."""
