"""What an installation needs, from what was measured: `python -m eval.bench.sizing`.

Prints the tables of docs/sizing.md. The inputs stand below, each with the page that it was measured
on; a newer measurement is put here and the tables are printed again. Everything beyond the largest
index that was measured is a straight line drawn on, and the tables say so.
"""

from dataclasses import dataclass

KIB, MIB, GIB, TIB = 1 / 1024, 1.0, 1024.0, 1024.0 * 1024.0


@dataclass(frozen=True)
class Measured:
    """Figures of docs/benchmarks.md (search, building) and docs/experiments.md (HTTP).

    `small` and `large` are two index sizes in passages, with the memory of a process that searches
    it in MiB, and the CPU milliseconds of a search; that of the large one is what `growth` found
    the large index to need more than the small, added to what a whole process has on the small.
    `disk_kib` and `built_per_cpu_second` are for a passage of real text; `question_cpu_ms` is for a
    whole question over HTTP on a small index.
    """

    small: int = 1_000
    small_mib: float = 136.0
    small_search_ms: float = 2.9
    large: int = 300_000
    large_mib: float = 1_288.0
    large_search_ms: float = 13.3
    disk_kib: float = 8.2
    built_per_cpu_second: float = 29.2
    question_cpu_ms: float = 14.5

    @property
    def mib_a_passage(self) -> float:
        """Memory for one passage more."""
        return (self.large_mib - self.small_mib) / (self.large - self.small)

    def memory_mib(self, passages: int) -> float:
        """Memory of one process on an index of this size, drawn on in a straight line."""
        return self.small_mib + self.mib_a_passage * (passages - self.small)

    def largest(self, mib: float) -> int:
        """Passages that a process of so much memory holds."""
        return int(self.small + (mib - self.small_mib) / self.mib_a_passage)

    def questions_a_core(self) -> tuple[float, float]:
        """Questions a second and core on the small and on the large index."""
        more = self.large_search_ms - self.small_search_ms
        return 1_000 / self.question_cpu_ms, 1_000 / (self.question_cpu_ms + more)


def size(mib: float) -> str:
    """Return an amount in the largest unit that leaves a number above one, two digits of it."""
    for unit, name in ((TIB, "TiB"), (GIB, "GiB"), (MIB, "MiB")):
        if mib >= unit:
            return f"{float(f'{mib / unit:.2g}'):,g} {name}"
    return f"{float(f'{mib / KIB:.2g}'):,g} KiB"


def by_index(measured: Measured) -> list[str]:
    """Return the table of what an index of a size needs."""
    rows = [
        "| passages | memory of a replica | disk of a generation | building, core hours | |",
        "|---|---|---|---|---|",
    ]
    for passages in (10**power for power in range(3, 10)):
        hours = passages / measured.built_per_cpu_second / 3_600
        rows.append(
            f"| {passages:,} | {size(measured.memory_mib(passages))} "
            f"| {size(passages * measured.disk_kib * KIB)} | {float(f'{hours:.2g}'):,g} "
            f"| {'measured' if passages <= measured.large else 'drawn on'} |"
        )
    return rows


def by_machine(measured: Measured) -> list[str]:
    """Return the table of what one replica of so much memory holds, half of it left free."""
    rows = ["| memory of the machine | passages, one replica in half of it |", "|---|---|"]
    for gib in (1, 4, 16, 64, 256):
        passages = measured.largest(gib * GIB / 2)
        rows.append(f"| {gib} GiB | {float(f'{passages:.2g}'):,.0f} |")
    return rows


def main() -> None:
    """Print both tables, and questions a second."""
    measured = Measured()
    print("\n".join([*by_index(measured), "", *by_machine(measured), ""]))
    small, large = measured.questions_a_core()
    print(
        f"questions/s a core: {small:.0f} at {measured.small:,}, {large:.0f} at {measured.large:,}"
    )


if __name__ == "__main__":
    main()
