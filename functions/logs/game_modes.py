"""Game modes that servers play, by their lower-case names."""

MODES = {"ttt": "TTT", "sandbox": "Sandbox", "murder": "Murder"}
