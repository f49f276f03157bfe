"""How moments and days are written where a library writes them; our own pages say it themselves."""
