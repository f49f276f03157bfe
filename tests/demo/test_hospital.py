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


def test_no_trained_folder_names_a_place_on_this_machine(trained):
    texts = [path.read_bytes() for folder in trained.values() for path in folder.rglob("*") if path.is_file()]

    here = str(next(iter(trained.values())).parent).encode()
    assert [text for text in texts if here in text or b"/tmp/" in text] == []
    assert not [path for folder in trained.values() for path in folder.rglob("*.pkl")]
