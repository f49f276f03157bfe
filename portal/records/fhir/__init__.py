"""Reading FHIR R4 (4.0.1): files in, checked plain values out; no Django inside."""
