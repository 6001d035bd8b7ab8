"""Who is within reach, and where the next station, car or cadre helps most."""
