"""A linear program with some integers, put together from numpy arrays.

Blocks add columns, rows and entries; :meth:`Program.matrices` gives the column-wise form that HiGHS
takes. There is no expression layer: building a plan of 48 h takes a few milliseconds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Value = float | Floats

INFINITY = float("inf")


@dataclass(frozen=True, slots=True)
class Matrices:
    """min cost·x, row_lower ≤ A·x ≤ row_upper, col_lower ≤ x ≤ col_upper, x[integer] integer.

    A is column-wise compressed: ``starts`` [columns + 1], ``indices`` and ``values`` [non-zeros].
    """

    cost: Floats
    col_lower: Floats
    col_upper: Floats
    integer: NDArray[np.bool_]
    row_lower: Floats
    row_upper: Floats
    starts: NDArray[np.int32]
    indices: NDArray[np.int32]
    values: Floats

    @property
    def columns(self) -> int:
        """Number of columns."""
        return len(self.cost)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.row_lower)


class Program:
    """Collects columns, rows and entries. Powers are kW, energies kWh, money €."""

    def __init__(self) -> None:
        self._cost: list[Floats] = []
        self._lower: list[Floats] = []
        self._upper: list[Floats] = []
        self._integer: list[NDArray[np.bool_]] = []
        self._row_lower: list[Floats] = []
        self._row_upper: list[Floats] = []
        self._entries: list[tuple[Ints, Ints, Floats]] = []
        self._hints: list[tuple[Ints, Floats]] = []
        self.columns_count = 0
        self.rows_count = 0

    def columns(
        self,
        n: int,
        *,
        lower: Value = 0.0,
        upper: Value = INFINITY,
        cost: Value = 0.0,
        integer: bool = False,
    ) -> Ints:
        """Add ``n`` columns and give their indices, shape [n]."""
        self._lower.append(_spread(lower, n))
        self._upper.append(_spread(upper, n))
        self._cost.append(_spread(cost, n))
        self._integer.append(np.full(n, integer))
        first = self.columns_count
        self.columns_count += n
        return np.arange(first, first + n)

    def rows(self, n: int, *, lower: Value = -INFINITY, upper: Value = INFINITY) -> Ints:
        """Add ``n`` empty rows and give their indices, shape [n]."""
        self._row_lower.append(_spread(lower, n))
        self._row_upper.append(_spread(upper, n))
        first = self.rows_count
        self.rows_count += n
        return np.arange(first, first + n)

    def equal(self, n: int, right: Value = 0.0) -> Ints:
        """Add ``n`` rows that must equal ``right``."""
        return self.rows(n, lower=right, upper=right)

    def entries(self, rows: Ints, columns: Ints, values: Value) -> None:
        """Add coefficients; several for one place add up."""
        if len(rows) != len(columns):
            raise ValueError(f"{len(rows)} rows for {len(columns)} columns")
        self._entries.append((rows, columns, _spread(values, len(rows))))

    def hint(self, columns: Ints, values: Floats) -> None:
        """Suggest values of integer columns to start the search from."""
        self._hints.append((columns, values))

    def hints(self) -> tuple[Ints, Floats]:
        """All suggestions together."""
        if not self._hints:
            return np.zeros(0, dtype=np.int64), np.zeros(0)
        return np.concatenate([c for c, _ in self._hints]), np.concatenate([v for _, v in self._hints])

    def matrices(self) -> Matrices:
        """The program as column-wise arrays."""
        rows = np.concatenate([r for r, _, _ in self._entries])
        columns = np.concatenate([c for _, c, _ in self._entries])
        values = np.concatenate([v for _, _, v in self._entries])
        key = columns * np.int64(self.rows_count) + rows
        unique, inverse = np.unique(key, return_inverse=True)
        summed = np.zeros(len(unique))
        np.add.at(summed, inverse.ravel(), values)
        kept = np.abs(summed) > 1e-12
        unique, summed = unique[kept], summed[kept]
        counts = np.bincount(unique // self.rows_count, minlength=self.columns_count)
        return Matrices(
            cost=np.concatenate(self._cost),
            col_lower=np.concatenate(self._lower),
            col_upper=np.concatenate(self._upper),
            integer=np.concatenate(self._integer),
            row_lower=np.concatenate(self._row_lower),
            row_upper=np.concatenate(self._row_upper),
            starts=np.concatenate([[0], np.cumsum(counts)]).astype(np.int32),
            indices=(unique % self.rows_count).astype(np.int32),
            values=summed,
        )


def _spread(value: Value, n: int) -> Floats:
    return np.array(np.broadcast_to(np.asarray(value, dtype=np.float64), (n,)))
