"""The rooms of `tools/build_practice_area.py`: real names and borders, everything else drawn from a seed."""
