"""The classroom: people in one room take seats, negotiate, give orders each round, and see what follows.

`state = fold(events)`; a command becomes events or a refusal; what leaves the server is `view(state, viewer)`.
"""
