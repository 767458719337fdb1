"""Games that machines play, for a class to be compared with."""
