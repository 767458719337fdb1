"""The laboratory: a study states a question as levers, uncertainties and outcomes, and is answered by many runs.

`study.py` what a study is, `design.py` the points it tries, `plan.py` the runs and the chunks they go in, `kernel.py`
how a chunk is computed, `runner.py` and `pool.py` who computes it, `store.py` what is kept, `archive.py` how it is
read.
"""
