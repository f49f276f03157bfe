"""The invented hospital."""

from datetime import date

from portal.demo.hospital import simulate_cohort, write_hospital


def test_the_same_seed_and_day_give_the_same_bytes(tmp_path):
    for name in ("a", "b"):
        write_hospital(tmp_path / name, as_of=date(2026, 1, 1), patients=3)

    files = sorted(path.name for path in (tmp_path / "a").iterdir())
    assert files == ["hospital.json", "patient-0001.json", "patient-0002.json", "patient-0003.json"]
    assert all((tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes() for name in files)


def test_the_cohort_has_outcomes_of_both_kinds_and_gaps():
    rows = simulate_cohort(500)

    share = sum(row["label"] for row in rows) / len(rows)
    assert 0.1 < share < 0.4
    assert any(row["hba1c"] is None for row in rows) and all(row["age"] >= 19 for row in rows)
