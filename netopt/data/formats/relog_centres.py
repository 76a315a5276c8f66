"""Centres of a RELOG case: sources, what they send on, sales, and what comes back of them."""

from __future__ import annotations

from dataclasses import dataclass, field

from netopt.data.formats.relog_case import Case, Centre, Output, is_zero, without_limit
from netopt.data.formats.relog_disposal import Disposals
from netopt.data.formats.relog_tables import ANY_TONNES, INSIDE, Tables, negative


@dataclass
class Centres:
    """Adds centres; ``gives`` and ``takes`` list the locations of each product."""

    case: Case
    tables: Tables
    disposals: Disposals
    gives: dict[str, set[str]]
    takes: dict[str, set[str]]
    _unpaid: float = field(default=0.0)

    def add_all(self, where: dict[str, tuple[float, float]]) -> None:
        """Add every centre, and note in ``where`` the coordinates (deg) of its location."""
        for centre in self.case.centres:
            location = self.tables.location(centre.name, centre.latitude, centre.longitude)
            where[location] = (centre.latitude, centre.longitude)
            self._add(centre, location)
        if self._unpaid and self.tables.rows["sources"]:
            source, name, location, fixed = self.tables.rows["sources"][0]
            self.tables.rows["sources"][0] = (source, name, location, fixed + self._unpaid)
            self.tables.notes.append(f"Operating costs of centres without a source are paid at {name}.")

    def _add(self, centre: Centre, location: str) -> None:
        raw = {output.product: self._raw(centre, output) for output in centre.outputs}
        has_source = self._add_source(centre, location, raw)
        self._add_outlet(centre, location, raw)
        if centre.takes is not None:
            self.takes[centre.takes].add(location)
            self._add_intake(centre, location, raw, has_source=has_source)
        elif not has_source:
            self._unpaid += sum(centre.operating) / self.case.years

    def _raw(self, centre: Centre, output: Output) -> str:
        """Return what a centre has of a product before it is sent on or disposed of."""
        if self._is_direct(output):
            return output.product
        returns = centre.takes is not None and any(output.returned)
        return self.tables.commodity(f"{output.product} at {centre.name}", INSIDE, returns=returns)

    def _is_direct(self, output: Output) -> bool:
        """Return whether what a source has is all sent on, at no cost, and only to plants."""
        taken_by_centres = {centre.takes for centre in self.case.centres}
        return (
            output.disposal is None
            and is_zero(output.collection)
            and not any(output.returned)
            and output.product not in taken_by_centres
        )

    def _add_source(self, centre: Centre, location: str, raw: dict[str, str]) -> bool:
        """Add what a centre gives whatever it takes in; return whether it gives anything."""
        given = [output for output in centre.outputs if not is_zero(output.amount)]
        if not given:
            return False
        source = self.tables.new_id("place", centre.name)
        fixed = sum(centre.operating) / self.case.years
        self.tables.add("sources", source, centre.name, location, fixed)
        for output in given:
            self.tables.retires(raw[output.product])
            for period, tonnes in zip(self.tables.periods, output.amount, strict=True):
                self.tables.add("supply", source, raw[output.product], period, tonnes)
        return True

    def _add_outlet(self, centre: Centre, location: str, raw: dict[str, str]) -> None:
        """Add the site that sends on what a centre has, and its places of disposal."""
        for output in centre.outputs:
            self.gives[output.product].add(location)
        through = [output for output in centre.outputs if not self._is_direct(output)]
        if not through:
            return
        site = self.tables.site(f"{centre.name}: collection", location, standing=ANY_TONNES)
        for output in through:
            self.tables.recipe(
                site,
                f"{centre.name}: {output.product} sent on",
                {raw[output.product]: 1.0},
                {output.product: 1.0},
                output.collection,
            )
            if output.disposal is not None:
                self.disposals.at_centre(
                    centre.name, location, output.product, raw[output.product], output.disposal
                )

    def _add_intake(self, centre: Centre, location: str, raw: dict[str, str], *, has_source: bool) -> None:
        """Add where a centre sells what it takes in, and let come back what it says."""
        product, years = str(centre.takes), self.case.years
        back = [
            (output, lag, share)
            for output in centre.outputs
            for lag, share in enumerate(output.returned)
            if share > 0 and lag < years
        ]
        if not back and (has_source or is_zero(centre.operating)):
            name = f"{centre.name}: sales"
            self.tables.market(
                name, location, product, "recovered_metals", centre.revenue, without_limit(years)
            )
            return
        share = 1.0 / (1 + len(back))
        fixed = (0.0,) * years if has_source else centre.operating
        site = self.tables.site(f"{centre.name}: sales", location, standing=ANY_TONNES, fixed=fixed[0])
        self.tables.costs("sites", site, "existing_fixed_cny_per_year", fixed)
        outputs = {self._sold(centre, location, share): share}
        for output, lag, returned in back:
            what = (output, raw[output.product])
            outputs[self._coming_back(centre, location, what, lag, returned / share)] = share
        self.tables.recipe(site, f"{centre.name}: {product} sold", {product: 1.0}, outputs, (0.0,) * years)

    def _sold(self, centre: Centre, location: str, share: float) -> str:
        """Return what stands for a tonne sold, of which ``share`` tonnes carry all its revenue."""
        sold = self.tables.commodity(f"{centre.takes} sold at {centre.name}", INSIDE)
        price = tuple(revenue / share for revenue in centre.revenue)
        name = f"{centre.name}: buyers"
        self.tables.market(name, location, sold, "recovered_metals", price, without_limit(self.case.years))
        return sold

    def _coming_back(
        self, centre: Centre, location: str, what: tuple[Output, str], lag: int, tonnes: float
    ) -> str:
        """Return what stands for goods of which ``tonnes`` come back after ``lag`` years."""
        output, raw = what
        in_use = self.tables.commodity(
            f"{centre.takes} at {centre.name}, back as {output.product} after {years_in_words(lag)}", INSIDE
        )
        name = f"{centre.name}: users ({output.product}, {years_in_words(lag)})"
        nothing = (0.0,) * self.case.years
        self.tables.market(
            name, location, in_use, "second_life", negative(nothing), without_limit(self.case.years)
        )
        self.tables.retires(raw)
        self.tables.add("second_life", in_use, raw, tonnes, lag, 0.0, 0.0)
        return in_use


def years_in_words(lag: int) -> str:
    """Return a number of years in words.

    Examples
    --------
    >>> years_in_words(1), years_in_words(3)
    ('1 year', '3 years')
    """
    return "1 year" if lag == 1 else f"{lag} years"
