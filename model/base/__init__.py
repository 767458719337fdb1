"""The base year: raw figures, the balanced table made of them, and every assumption on the way.

Read `table` first (how a balanced base table is built), then the step you need: `place` (countries), `production`,
`chain` (yields), `price`, `route` (who supplies whom), `measure` (what was in force). `data` is the only reader of
the files in `model/data/`; `note` records each assumption for the manifest.
"""
