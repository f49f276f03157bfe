"""The child process that works out how well a model does; the only place of the formulary that counts with numpy."""
