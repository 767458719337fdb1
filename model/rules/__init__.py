"""Rules: scalar functions, one module per topic. Compiled by Numba; uncompiled they are the tests' oracle.

`math.*` only, arguments clipped before exp and log, products instead of integer powers, so that both forms
agree bit for bit on the domain each docstring declares. Sources are keys of `docs/sources.md`.
"""
