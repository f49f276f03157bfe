"""Changing a hospital: joiners, movers, leavers, wards and studies; for administrators."""
