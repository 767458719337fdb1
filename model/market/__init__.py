"""The market: many linked goods cleared together, with a certificate.

Read in this order: `landed_price` (what a buyer pays), `offer` (what plants supply), `want` (what buyers
buy), `balance` (the equilibrium conditions and their exact derivatives), `newton` (how they are met),
`certificate` (how well they are met), `clearing` (batches of runs), `problem` (JSON in, JSON out).
"""

from model.market.clearing import Clearer, allocate_answer, allocate_terms

__all__ = ["Clearer", "allocate_answer", "allocate_terms"]
